// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_EMPTY_CHUNK_H_
#define DEVSTATE_SERIALIZER_EMPTY_CHUNK_H_

#include "absl/strings/string_view.h"
#include "devstate/serializer/chunk.h"

namespace devstate {

// Returns the chunk without records, which is how a filter leaves one out.
inline Chunk EmptyChunk(const Chunk& chunk) {
  Chunk result = chunk;
  result.header.records = 0;
  result.payload = absl::string_view();
  return result;
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_EMPTY_CHUNK_H_
