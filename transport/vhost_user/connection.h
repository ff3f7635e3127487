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
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

// Both ends of the protocol use it. Works whatever O_NONBLOCK says, whoever
// sets it. Never raises SIGPIPE. Not thread-safe.
//
// The first error ends the connection: it is returned by every later call, and
// all FDs received so far and not handed out are closed.
//
// Errors: UNAVAILABLE: the peer closed; INVALID_ARGUMENT: a header with a
// wrong version or an impossible size, or more FDs than a message may have;
// RESOURCE_EXHAUSTED: this process has no room for the FDs sent to it
// (MSG_CTRUNC); DEADLINE_EXCEEDED, ABORTED (cancelled).
class Connection {
 public:
  // `socket` must be a connected stream socket.
  explicit Connection(FileDescriptor socket) : socket_(std::move(socket)) {}

  // For poll(); owned by this object.
  int fd() const { return socket_.get(); }

  // Takes what has arrived, without waiting: a complete message with all FDs
  // attached to any of its bytes, or nothing yet.
  absl::StatusOr<std::optional<Message>> TryReceive();

  // True after TryReceive() took part of a message.
  bool mid_message() const { return !partial_.empty(); }

  // Waits for a message until `deadline`, or until `cancel_fd` (none: -1) is
  // readable.
  absl::StatusOr<Message> Receive(Deadline deadline, int cancel_fd = -1);

  // Sends the whole message; the FDs go with its first byte and stay the
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

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_CONNECTION_H_
