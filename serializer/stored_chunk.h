// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_STORED_CHUNK_H_
#define DEVSTATE_SERIALIZER_STORED_CHUNK_H_

#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/stream_format.h"

namespace devstate {

// A chunk that was encoded, compressed and hashed before its stream is written.
// ChunkSealer makes it, and StreamWriter and RecordWriter add it.
struct StoredChunk {
  // All of the header but what follows from the place in a stream: `sequence`
  // and `header_checksum`.
  ChunkHeader header;
  // Room for the header, then the payload as stored.
  ByteBuffer bytes;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STORED_CHUNK_H_
