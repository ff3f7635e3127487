// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One question and one answer over a Unix socket: each side sends a message of
// live.proto and closes its direction.

#ifndef DEVSTATE_PROXY_CONTROL_SOCKET_H_
#define DEVSTATE_PROXY_CONTROL_SOCKET_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/io/deadline.h"
#include "google/protobuf/message_lite.h"

namespace devstate::proxy {

// The longest message that is taken.
inline constexpr size_t kMaxControlMessage = 64 << 10;

// Sends `message` and closes this direction.
absl::Status SendControl(int socket,
                         const google::protobuf::MessageLite& message,
                         Deadline deadline);

// Takes one message as its bytes come.
class ControlReader {
 public:
  // Reads what is there, without waiting, and returns whether `message` is
  // whole. Errors: those of ReceiveControl(), without DEADLINE_EXCEEDED.
  absl::StatusOr<bool> TryRead(int socket,
                               google::protobuf::MessageLite* message);

 private:
  std::string bytes_;
};

// Reads the peer's message. INVALID_ARGUMENT if it is none or too long,
// UNAVAILABLE if there is nothing, DEADLINE_EXCEEDED.
absl::Status ReceiveControl(int socket, Deadline deadline,
                            google::protobuf::MessageLite* message);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_CONTROL_SOCKET_H_
