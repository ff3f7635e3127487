// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_LIMITS_H_
#define DEVSTATE_SERIALIZER_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace devstate {

// The bounds of what a stream can make a reader do. Each limit is checked
// before the memory or the time that it bounds is spent. A stream beyond one is
// refused with RESOURCE_EXHAUSTED, which names the limit. Writers obey all
// limits, so that saving refuses a state which readers with the same limits
// would refuse. max_merge_bytes says what they cannot know.
struct Limits {
  // The size of the StreamHeader message, embedded descriptor set included, in
  // bytes. Default: 64 KiB.
  uint32_t max_header_bytes = 64 * 1024;

  // The size of a chunk's payload as stored, and after decompression, in bytes.
  // Default: 1 MiB each.
  uint32_t max_chunk_stored_bytes = 1024 * 1024;
  uint32_t max_chunk_decoded_bytes = 1024 * 1024;

  // The number of records in one batch. Default: 65536.
  uint32_t max_chunk_records = 65536;

  // The size of one batch, in bytes (docs/stream_format.md, "Sizes"). It bounds
  // what nested repeated fields and constant columns, tiny in the stream, can
  // unfold to. It follows from schema and content, so all readers refuse the
  // same batches. This implementation takes at most 4 times as much memory for
  // a batch. For a batch as messages it takes kMessageMemoryFactor times as
  // much. Default: 16 MiB.
  uint64_t max_batch_memory = 16 * 1024 * 1024;

  // The number of chunks, of records and of payload bytes after decompression
  // in the whole stream. Default: 4 Mi chunks, 1 Gi records, 64 GiB.
  uint32_t max_chunks = 4 * 1024 * 1024;
  uint64_t max_records = 1024 * 1024 * 1024;
  uint64_t max_decoded_bytes = 64ull * 1024 * 1024 * 1024;

  // The number of rounds in which a state comes. Default: 1024.
  uint32_t max_rounds = 1024;

  // The size of the records of a state in rounds, in bytes
  // (docs/stream_format.md, "Sizes"). They are kept until the last round has
  // come. This implementation takes at most 3 times as much memory, and for
  // each record its key and about 100 bytes.
  //
  // A few hundred bytes of a stream can be 65536 records, and max_expansion
  // does not see it, so this alone bounds what a peer can make a reader keep.
  //
  // A writer refuses a first round that is beyond it. Of later rounds it does
  // not know which records they replace, for it has no table of keys: a state
  // that grows beyond the limit while it is written in rounds is refused where
  // they are merged. Default: 1 GiB.
  uint64_t max_merge_bytes = 1024ull * 1024 * 1024;

  // The factor by which payload bytes after decompression may exceed the stored
  // ones. Both are summed up from the start of the stream, and judged above
  // kExpansionFreeBytes. Writers store a chunk raw before they go beyond.
  // Default: 1024.
  uint32_t max_expansion = 1024;
};

// The payload bytes up to which the expansion of a stream is not judged: 1 MiB.
inline constexpr uint64_t kExpansionFreeBytes = 1024 * 1024;

// Returns how often `stored` fits into `decoded`, rounded down, for
// max_expansion.
inline uint64_t Expansion(uint64_t decoded, uint64_t stored) {
  if (decoded <= kExpansionFreeBytes) return 0;
  return decoded / (stored == 0 ? 1 : stored);
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_LIMITS_H_
