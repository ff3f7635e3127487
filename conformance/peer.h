// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_PEER_H_
#define DEVSTATE_CONFORMANCE_PEER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::conformance {

// A transfer that was accepted, and this side's end of its channel.
struct Transfer {
  FileDescriptor end;
  bool own_channel = false;  // the back-end's
};

// One connection to the back-end under test. It is used by the book through
// frontend(), or message by message, and both may take turns. Every wait ends
// at the timeout. Thread-safety: none.
//
// Errors say what the back-end did: UNAVAILABLE (it closed the connection),
// DEADLINE_EXCEEDED, INVALID_ARGUMENT (a reply of the wrong form),
// FAILED_PRECONDITION (a refusal).
class Peer {
 public:
  static absl::StatusOr<std::unique_ptr<Peer>> Create(FileDescriptor socket,
                                                      absl::Duration timeout);

  vhost_user::FrontendEndpoint& frontend() { return *frontend_; }

  absl::Status Send(uint32_t request, std::string payload = "",
                    std::vector<FileDescriptor> fds = {},
                    uint32_t flags = vhost_user::kVersion);
  // Sends a request and returns its reply, which must have the request's own
  // number and flags 0x5.
  absl::StatusOr<vhost_user::Message> Ask(
      uint32_t request, std::string payload = "",
      std::vector<FileDescriptor> fds = {},
      uint32_t flags = vhost_user::kVersion);
  // Returns the u64 of a reply that must have 8 bytes.
  absl::StatusOr<uint64_t> AskU64(uint32_t request,
                                  uint32_t flags = vhost_user::kVersion);
  // Returns OK if nothing has arrived that was not asked for.
  absl::Status ExpectSilence();

  // Sends SET_DEVICE_STATE_FD with `given`, which must be accepted. The other
  // end of the channel is `other`, unless the back-end answers with its own.
  absl::StatusOr<Transfer> Open(vhost_user::TransferDirection direction,
                                FileDescriptor given, FileDescriptor other,
                                uint32_t flags = vhost_user::kVersion);
  // Returns everything up to the end of the channel.
  absl::StatusOr<std::string> ReadToEnd(FileDescriptor end);
  absl::Status WriteAndClose(FileDescriptor end, absl::string_view bytes);

  // Make a whole save or load by the book. A refusal is an error.
  absl::StatusOr<std::string> Save(ChannelKind kind = ChannelKind::kPipe);
  absl::Status Load(const std::string& state,
                    ChannelKind kind = ChannelKind::kPipe);
  // Returns the result of a load, even of a refused one.
  absl::StatusOr<vhost_user::TransferResult> TryLoad(
      const std::string& state, ChannelKind kind = ChannelKind::kPipe);

 private:
  Peer(std::unique_ptr<vhost_user::FrontendEndpoint> frontend,
       FileDescriptor socket, absl::Duration timeout)
      : frontend_(std::move(frontend)),
        connection_(std::move(socket)),
        timeout_(timeout) {}

  const std::unique_ptr<vhost_user::FrontendEndpoint> frontend_;
  // The same socket. Neither of the two reads beyond a message.
  vhost_user::Connection connection_;
  const absl::Duration timeout_;
};

std::vector<FileDescriptor> One(FileDescriptor fd);
// Encodes {u32, u32}, the payload of a ring's state and of SET_DEVICE_STATE_FD.
std::string TwoU32(uint32_t a, uint32_t b);

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_PEER_H_
