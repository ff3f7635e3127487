// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_REPEATABLE_INPUT_H_
#define DEVSTATE_CLI_REPEATABLE_INPUT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cli/state_input.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/foreign/temporary_file.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// An input that is read several times. A regular file is opened again each
// time. For anything else, such as standard input or a compressed file, the
// bytes that were read are kept in a TemporaryFile, so that memory does not
// grow with them. Nothing is read before somebody asks for it. Thread-safety:
// none.
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

  // Opens the input from its start. Requires: the input outlives the source,
  // and the sources are not read in turns.
  absl::StatusOr<std::shared_ptr<ByteSource>> Open();
  // Returns a function that opens the input again and again. Each time there is
  // a Progress that says `label`, and from the second time on which pass it is.
  // Requires: the input outlives the function.
  OpenSource Opening(std::string label);
  // Opens the input for the last time. What this source reads first is not
  // kept.
  absl::StatusOr<std::shared_ptr<ByteSource>> OpenLast();

 private:
  class Replay;

  RepeatableInput() = default;

  // The state, without its source.
  StateInput state_;
  // The flags of a regular file.
  StateInputFlags file_;
  // The rest of any other input, and the kept start of it.
  std::shared_ptr<ByteSource> rest_;
  std::unique_ptr<TemporaryFile> copy_;
  bool last_ = false;
};

// Calls `run` with the input. Prints the error of either in one line, and
// returns the exit code.
int WithRepeatableInput(
    const StateInputFlags& flags,
    const std::function<absl::StatusOr<int>(RepeatableInput&)>& run);

}  // namespace devstate

#endif  // DEVSTATE_CLI_REPEATABLE_INPUT_H_
