// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_CHUNK_H_
#define DEVSTATE_SERIALIZER_CHUNK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

// The content of a chunk and where it stands: in memory, without what framing
// and compression add to it.
struct Chunk {
  // Members of a ChunkHeader, which see.
  struct Header {
    ChunkType type = ChunkType::kRoot;
    uint16_t flags = 0;
    uint32_t sequence = 0;
    uint32_t field = 0;
    uint32_t records = 0;
  };
  Header header;
  // Where the chunk starts, in bytes from the start of the stream.
  uint64_t offset = 0;
  // A serialized message. Valid until the next call of whoever gave the chunk.
  absl::string_view payload;

  // An error about this chunk's content.
  absl::Status Error(ErrorReason reason, absl::string_view message) const;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_CHUNK_H_
