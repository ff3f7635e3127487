// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/control_queue_text.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "devices/net/v1/net.pb.h"
#include "devstate/compat/gate/read_whole_state.h"
#include "devstate/devices/net/control_queue.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::StatusOr<ControlQueueText> MakeControlQueueText(ByteSource* stream) {
  ::devices::net::v1::NetState state;
  DS_RETURN_IF_ERROR(ReadWholeState(stream, &state));
  net::ControlPlan plan = net::PlanControlQueue(state);
  ControlQueueText text;
  for (const net::ControlCommand& command : plan.commands) {
    absl::StrAppendFormat(&text.commands, "%d %d %s %s\n",
                          command.command_class, command.command, command.name,
                          absl::BytesToHexString(command.data));
  }
  text.left_out = std::move(plan.left_out);
  return text;
}

}  // namespace devstate
