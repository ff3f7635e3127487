// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// vhost-user messages over one connected Unix stream socket. The one place of
// devstate that receives file descriptors.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_CONNECTION_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_CONNECTION_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

// Sends and receives the messages of one connection. Both ends of the protocol
// use it. Works whatever O_NONBLOCK says, whoever sets it. Never raises
// SIGPIPE. Thread-safety: none.
//
// The first error ends the connection. Every later call returns it, and all FDs
// that were received and not handed out are closed.
//
// Errors: UNAVAILABLE (the peer closed), INVALID_ARGUMENT (a header with a
// wrong version or an impossible size, or more FDs than a message may have),
// RESOURCE_EXHAUSTED (this process has no room for the FDs sent to it,
// MSG_CTRUNC), DEADLINE_EXCEEDED, ABORTED (cancelled).
class Connection {
 public:
  // Requires: `socket` is a connected stream socket.
  explicit Connection(FileDescriptor socket) : socket_(std::move(socket)) {}

  // Returns the descriptor for poll(). This object owns it.
  int fd() const { return socket_.get(); }

  // Takes what has arrived, without waiting. Returns a complete message with
  // all FDs attached to any of its bytes, or nullopt if no message is complete.
  absl::StatusOr<std::optional<Message>> TryReceive();

  // Returns whether TryReceive() has taken a part of a message.
  bool mid_message() const { return !partial_.empty(); }

  // Waits for a message until `deadline`, or until `cancel_fd` is readable. -1
  // stands for no such descriptor.
  absl::StatusOr<Message> Receive(Deadline deadline, int cancel_fd = -1);

  // Sends the whole message. The FDs go with its first byte and stay the
  // caller's. header.size is computed.
  absl::Status Send(const Message& message, Deadline deadline,
                    int cancel_fd = -1);

 private:
  absl::Status Fail(absl::Status why);
  // Reads up to `size` bytes into partial_ and any FDs into fds_. Returns the
  // number of bytes, 0 when there is nothing now.
  absl::StatusOr<size_t> ReceiveBytes(size_t size);
  absl::Status WaitFor(short events, Deadline deadline, int cancel_fd);

  FileDescriptor socket_;
  absl::Status failure_;
  std::string partial_;  // header and payload received so far
  std::vector<FileDescriptor> fds_;
};

// Returns why a request, or the wait of `timeout` for its reply, failed with
// `status`, in words that name the request.
absl::Status RequestError(uint32_t request, const absl::Status& status,
                          absl::Duration timeout);

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_CONNECTION_H_
