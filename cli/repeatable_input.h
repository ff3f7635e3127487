// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_REPEATABLE_INPUT_H_
#define DEVSTATE_CLI_REPEATABLE_INPUT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "cli/repeatable_source.h"
#include "cli/state_input.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// A state that is read several times. A regular file is opened again each time,
// unless that is costly, as with a compressed one (RepeatableSource).
// Thread-safety: none.
class RepeatableInput {
 public:
  // Creates the input. Errors are those of OpenState(), and of creating the
  // file.
  static absl::StatusOr<std::unique_ptr<RepeatableInput>> Create(
      const StateInputFlags& flags);

  RepeatableInput(const RepeatableInput&) = delete;
  RepeatableInput& operator=(const RepeatableInput&) = delete;

  // Returns the name that errors are about: the file, and the device of a QEMU
  // migration file.
  const std::string& name() const { return state_.name; }
  // Returns the size of the state, if it is known without reading it.
  std::optional<uint64_t> size() const { return state_.size; }
  // Return the place in a QEMU migration file, as StateInput has it.
  const std::string& device() const { return state_.device; }
  uint64_t file_offset() const { return state_.file_offset; }

  // These are those of RepeatableSource.
  absl::StatusOr<std::shared_ptr<ByteSource>> Open() { return bytes_->Open(); }
  OpenSource Opening(std::string label) {
    return bytes_->Opening(std::move(label));
  }
  absl::StatusOr<std::shared_ptr<ByteSource>> OpenLast() {
    return bytes_->OpenLast();
  }

 private:
  RepeatableInput() = default;

  // The state, without its source.
  StateInput state_;
  std::unique_ptr<RepeatableSource> bytes_;
};

// Calls `run` with the input. Prints the error of either in one line, and
// returns the exit code.
int WithRepeatableInput(
    const StateInputFlags& flags,
    const std::function<absl::StatusOr<int>(RepeatableInput&)>& run);

}  // namespace devstate

#endif  // DEVSTATE_CLI_REPEATABLE_INPUT_H_
