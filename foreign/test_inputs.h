// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_TEST_INPUTS_H_
#define DEVSTATE_FOREIGN_TEST_INPUTS_H_

#include <memory>
#include <string>
#include <utility>

#include "devstate/foreign/foreign_format.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"

namespace devstate::testing {

// Returns an input whose content is `bytes` each time it is opened.
inline OpenSource Opening(std::string bytes) {
  return [bytes = std::move(
              bytes)]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
    return std::make_shared<StringSource>(bytes);
  };
}

// Returns whether `bytes` are a stream from header to trailer.
inline bool IsWholeStream(const std::string& bytes) {
  StringSource source(bytes);
  StreamReader reader(&source);
  if (!reader.ReadHeader().ok()) return false;
  while (true) {
    const auto chunk = reader.NextChunk();
    if (!chunk.ok()) return false;
    if (!chunk->has_value()) return true;
  }
}

}  // namespace devstate::testing

#endif  // DEVSTATE_FOREIGN_TEST_INPUTS_H_
