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

// An input that is read several times and must stay the same: what one pass has
// verified holds for the next. Not thread-safe.
class RepeatedInput {
 public:
  // `open` must outlive the input.
  explicit RepeatedInput(const OpenSource& open) : open_(open) {}

  // The input from its start. At its end, the source fails with ABORTED if its
  // bytes are not those of the first source that was read to its end. The input
  // must outlive the source.
  absl::StatusOr<std::unique_ptr<ByteSource>> Open();

 private:
  class Source;

  const OpenSource& open_;
  // XXH3-64 of the input, once it is known.
  absl::optional<uint64_t> digest_;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_REPEATED_INPUT_H_
