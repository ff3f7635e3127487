// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_REPEATED_INPUT_H_
#define DEVSTATE_FOREIGN_REPEATED_INPUT_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// An input that is read several times and must stay the same, so that what one
// pass has verified holds for the next. Thread-safety: none.
class RepeatedInput {
 public:
  // Requires: `open` outlives the input.
  explicit RepeatedInput(const OpenSource& open) : open_(open) {}

  // Opens the input from its start. At its end, the source fails with ABORTED
  // if its bytes are not those of the first source that was read to its end.
  // Requires: the input outlives the source.
  absl::StatusOr<std::unique_ptr<ByteSource>> Open();

 private:
  class Source;

  const OpenSource& open_;
  // The XXH3-64 of the input, once it is known.
  absl::optional<uint64_t> digest_;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_REPEATED_INPUT_H_
