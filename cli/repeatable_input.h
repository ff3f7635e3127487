// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_REPEATABLE_INPUT_H_
#define DEVSTATE_CLI_REPEATABLE_INPUT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/state_input.h"
#include "serializer/byte_stream.h"
#include "transport/file_descriptor.h"

namespace devstate {

// An input that is read several times. A regular file is opened again each
// time. Of anything else, standard input too, what has been read is kept in a
// file without a name in $TMPDIR (or /tmp), so that memory does not grow with
// it, and nothing is read before somebody asks for it. Not thread-safe.
class RepeatableInput {
 public:
  // Errors as those of OpenInput(), and of creating the file.
  static absl::StatusOr<std::unique_ptr<RepeatableInput>> Create(
      const StateInputFlags& flags);

  RepeatableInput(const RepeatableInput&) = delete;
  RepeatableInput& operator=(const RepeatableInput&) = delete;

  // What errors are about: the file, and the device of a QEMU migration file.
  const std::string& name() const { return name_; }
  // Of the state, if it is known without reading it.
  std::optional<uint64_t> size() const { return size_; }

  // From the start. The input must outlive the source, and the sources must not
  // be read in turns.
  absl::StatusOr<std::shared_ptr<ByteSource>> Open();
  // The same for the last time: what this source reads first is not kept.
  absl::StatusOr<std::shared_ptr<ByteSource>> OpenLast();

 private:
  class Replay;

  RepeatableInput() = default;
  // Writes at the end of copy_.
  absl::Status Keep(const char* bytes, size_t size);

  std::string name_;
  std::optional<uint64_t> size_;
  // Of a regular file.
  StateInputFlags file_;
  // Of anything else: where it goes on, and the first `kept_` bytes of it.
  std::shared_ptr<ByteSource> rest_;
  FileDescriptor copy_;
  uint64_t kept_ = 0;
  bool last_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_CLI_REPEATABLE_INPUT_H_
