// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_REPEATABLE_SOURCE_H_
#define DEVSTATE_CLI_REPEATABLE_SOURCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/foreign/temporary_file.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// Bytes that are read several times. What is a file is opened again each time.
// Of anything else, such as standard input, the bytes that were read are kept
// in a TemporaryFile, so that memory does not grow with them. Nothing is read
// before somebody asks for it. Thread-safety: none.
class RepeatableSource {
 public:
  // Opens by `open`, again and again. `size` is in bytes, if it is known.
  RepeatableSource(OpenSource open, std::optional<uint64_t> size)
      : open_(std::move(open)), size_(size) {}
  // Keeps what is read of `rest`. Errors are those of creating the file.
  static absl::StatusOr<std::unique_ptr<RepeatableSource>> Keep(
      std::shared_ptr<ByteSource> rest, std::optional<uint64_t> size);
  // Returns a source of the file `name`, as OpenInput() reads it.
  static absl::StatusOr<std::unique_ptr<RepeatableSource>> OfFile(
      const std::string& name);

  RepeatableSource(const RepeatableSource&) = delete;
  RepeatableSource& operator=(const RepeatableSource&) = delete;

  // Opens the bytes from their start. Requires: this object outlives the
  // source, and the sources are not read in turns.
  absl::StatusOr<std::shared_ptr<ByteSource>> Open();
  // Returns a function that opens the bytes again and again. Each time there is
  // a Progress that says `label`, and from the second time on which pass it is.
  // Requires: this object outlives the function.
  OpenSource Opening(std::string label);
  // Opens the bytes for the last time. What this source reads first is not
  // kept.
  absl::StatusOr<std::shared_ptr<ByteSource>> OpenLast();

 private:
  class Replay;

  OpenSource open_;
  std::optional<uint64_t> size_;
  // Without `open_`: the rest of the bytes, and the kept start of them.
  std::shared_ptr<ByteSource> rest_;
  std::unique_ptr<TemporaryFile> copy_;
  bool last_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_CLI_REPEATABLE_SOURCE_H_
