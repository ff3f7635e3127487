// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_CONTROL_QUEUE_TEXT_H_
#define DEVSTATE_CLI_CONTROL_QUEUE_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

struct ControlQueueText {
  // A line for each command: class, command, name, and the data in hexadecimal.
  std::string commands;
  // What no command sets.
  std::vector<std::string> left_out;
};

// Returns the commands that restore a network device through its control queue.
// Errors are those of reading `stream`; FAILED_PRECONDITION for a state of
// another schema than devices.net.v1.
absl::StatusOr<ControlQueueText> MakeControlQueueText(ByteSource* stream);

}  // namespace devstate

#endif  // DEVSTATE_CLI_CONTROL_QUEUE_TEXT_H_
