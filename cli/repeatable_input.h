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
#include "cli/temporary_file.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// An input that is read several times. A regular file is opened again each
// time. Of anything else, standard input too, what has been read is kept in a
// TemporaryFile, so that memory does not grow with it, and nothing is read
// before somebody asks for it. Not thread-safe.
class RepeatableInput {
 public:
  // Errors as those of OpenState(), and of creating the file.
  static absl::StatusOr<std::unique_ptr<RepeatableInput>> Create(
      const StateInputFlags& flags);

  RepeatableInput(const RepeatableInput&) = delete;
  RepeatableInput& operator=(const RepeatableInput&) = delete;

  // What errors are about: the file, and the device of a QEMU migration file.
  const std::string& name() const { return state_.name; }
  // Of the state, if it is known without reading it.
  std::optional<uint64_t> size() const { return state_.size; }
  // Of a QEMU migration file: as StateInput has it.
  const std::string& device() const { return state_.device; }
  uint64_t file_offset() const { return state_.file_offset; }

  // From the start. The input must outlive the source, and the sources must not
  // be read in turns.
  absl::StatusOr<std::shared_ptr<ByteSource>> Open();
  // Opens it again and again, each time with a Progress that says `label`, and
  // from the second time on which pass it is. The input must outlive the
  // function.
  OpenSource Opening(std::string label);
  // Open() for the last time: what this source reads first is not kept.
  absl::StatusOr<std::shared_ptr<ByteSource>> OpenLast();

 private:
  class Replay;

  RepeatableInput() = default;

  // Without its source.
  StateInput state_;
  // Of a regular file.
  StateInputFlags file_;
  // Of anything else: where it goes on, and the start of it.
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
