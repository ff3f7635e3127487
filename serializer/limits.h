// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_LIMITS_H_
#define DEVSTATE_SERIALIZER_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace devstate {

// Everything that bounds what a stream can make a reader do. Each limit is
// checked before the memory or the time that it bounds is spent; a stream
// beyond one is refused with RESOURCE_EXHAUSTED, which names the limit. Writers
// obey all of them, so that a state which readers with the
// same limits would refuse is refused when it is saved.
struct Limits {
  // The StreamHeader message, embedded descriptor set included, in bytes.
  uint32_t max_header_bytes = 64 * 1024;

  // A chunk's payload as stored, and after decompression, in bytes.
  uint32_t max_chunk_stored_bytes = 1024 * 1024;
  uint32_t max_chunk_decoded_bytes = 1024 * 1024;

  // Records in one batch.
  uint32_t max_chunk_records = 65536;

  // The size of one batch, in bytes (docs/stream_format.md, "Sizes"). Bounds
  // what nested repeated fields and constant columns, tiny in the stream, can
  // unfold to. It follows from schema and content, so all readers refuse the
  // same batches. This implementation takes at most 4 times as much memory for
  // a batch, and kMessageMemoryFactor times as much for one as messages.
  // Default: 16 MiB.
  uint64_t max_batch_memory = 16 * 1024 * 1024;

  // Chunks, records and payload bytes after decompression in the whole stream.
  uint32_t max_chunks = 4 * 1024 * 1024;
  uint64_t max_records = 1024 * 1024 * 1024;
  uint64_t max_decoded_bytes = 64ull * 1024 * 1024 * 1024;

  // Payload bytes after decompression may exceed the stored ones by this
  // factor, summed up from the start of the stream, once they are above 1 MiB.
  // Writers store a chunk raw before they go beyond.
  uint32_t max_expansion = 1024;
};

// Up to here the expansion of a stream is not judged.
inline constexpr uint64_t kExpansionFreeBytes = 1024 * 1024;

// How often `stored` fits into `decoded`, rounded down, for max_expansion.
inline uint64_t Expansion(uint64_t decoded, uint64_t stored) {
  if (decoded <= kExpansionFreeBytes) return 0;
  return decoded / (stored == 0 ? 1 : stored);
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_LIMITS_H_
