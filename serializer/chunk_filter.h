// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_CHUNK_FILTER_H_
#define DEVSTATE_SERIALIZER_CHUNK_FILTER_H_

#include "absl/status/statusor.h"
#include "devstate/serializer/stream_reader.h"

namespace devstate {

// Stands between the framing of a stream and the code that is generated from a
// schema: sees each chunk before it is decoded, or after it was encoded, and
// may put another in its place.
class ChunkFilter {
 public:
  virtual ~ChunkFilter() = default;

  // The chunk to go on with, valid until the next call: type and position are
  // those of `chunk`; field, number of records and payload may differ. A batch
  // of 0 records is left out. An error ends the read or the write.
  virtual absl::StatusOr<Chunk> Filter(const Chunk& chunk) = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_CHUNK_FILTER_H_
