// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/repeatable_input.h"

#include <utility>

#include "cli/stream_file.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::StatusOr<std::unique_ptr<RepeatableInput>> RepeatableInput::Create(
    const StateInputFlags& flags) {
  std::unique_ptr<RepeatableInput> input(new RepeatableInput());
  StateInput& state = input->state_;
  DS_ASSIGN_OR_RETURN(state, OpenState(flags));
  std::shared_ptr<ByteSource> source = std::move(state.source);
  if (FileSize(flags.file).has_value() && !state.costly) {
    const auto open = [flags]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
      DS_ASSIGN_OR_RETURN(StateInput again, OpenState(flags));
      return std::move(again.source);
    };
    input->bytes_ = std::make_unique<RepeatableSource>(open, state.size);
    return input;
  }
  DS_ASSIGN_OR_RETURN(input->bytes_,
                      RepeatableSource::Keep(std::move(source), state.size));
  return input;
}

int WithRepeatableInput(
    const StateInputFlags& flags,
    const std::function<absl::StatusOr<int>(RepeatableInput&)>& run) {
  const absl::StatusOr<std::unique_ptr<RepeatableInput>> input =
      RepeatableInput::Create(flags);
  if (!input.ok()) return PrintFileError(flags.file, input.status());
  const absl::StatusOr<int> result = run(**input);
  return result.ok() ? *result
                     : PrintFileError((*input)->name(), result.status());
}

}  // namespace devstate
