// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The byte layout of a stream: docs/stream_format.md in C++. All numbers are
// little-endian.

#ifndef DEVSTATE_SERIALIZER_STREAM_FORMAT_H_
#define DEVSTATE_SERIALIZER_STREAM_FORMAT_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace devstate {

// --- The prefix: the first bytes of a stream, frozen in every version ---

inline constexpr absl::string_view kStreamMagic(
    "\xd5"
    "devst\r\n",
    8);
inline constexpr uint16_t kFormatVersion = 1;
inline constexpr size_t kPrefixSize = 32;

struct StreamPrefix {
  uint16_t format_version = kFormatVersion;
  uint16_t reserved = 0;
  // The size and the checksum of the StreamHeader message that follows the
  // prefix.
  uint32_t header_size = 0;
  uint64_t header_checksum = 0;
  // The checksum of the 24 bytes before it, magic included. Set by
  // EncodePrefix().
  uint64_t prefix_checksum = 0;
};

// Writes kPrefixSize bytes and fills in `prefix.prefix_checksum`.
void EncodePrefix(StreamPrefix& prefix, char* out);

// Reads kPrefixSize bytes into a prefix without judging them.
StreamPrefix DecodePrefix(const char* in);

// Returns what `prefix_checksum` must be for the prefix at `in`.
uint64_t ComputePrefixChecksum(const char* in);

// --- Chunks ---

inline constexpr size_t kChunkHeaderSize = 40;

enum class ChunkType : uint8_t {
  // The singular fields of the root message. It is the first chunk, once.
  kRoot = 1,
  // Columns of records of one repeated field of the root message.
  kBatch = 2,
  // A StreamTrailer. It is the last chunk, once.
  kTrailer = 3,
  // The marks of a state that comes in rounds. They are empty, and their field
  // is the number of the round. The first two start a round, the others end it.
  kFirstRound = 16,
  kDeltaRound = 17,
  kRoundComplete = 18,
  kFinal = 19,
  // Columns of records that replace those of the same key, or are new.
  kUpserts = 20,
  // Columns of the keys of records that are gone.
  kDeletions = 21,
};

enum class ChunkCodec : uint8_t {
  kRaw = 0,
  // One zstd frame with content size, without dictionary.
  kZstd = 1,
};

// A reader that does not know the chunk's type or field skips the chunk.
inline constexpr uint16_t kChunkFlagIgnorable = 1;
inline constexpr uint16_t kKnownChunkFlags = kChunkFlagIgnorable;

struct ChunkHeader {
  ChunkType type = ChunkType::kRoot;
  ChunkCodec codec = ChunkCodec::kRaw;
  uint16_t flags = 0;
  // The index of the chunk, from 0.
  uint32_t sequence = 0;
  // The field number in the root message of records, the number of the round of
  // its marks. 0 otherwise.
  uint32_t field = 0;
  // The number of records in the chunk; 0 unless it has records.
  uint32_t records = 0;
  // The payload's size in the stream, and after decompression.
  uint32_t stored_size = 0;
  uint32_t decoded_size = 0;
  // The checksum of the payload as stored.
  uint64_t payload_checksum = 0;
  // The checksum of the 32 bytes before it, seeded with the checksum of the
  // chunk header before. Chunk 0 is seeded with the prefix checksum. So every
  // header vouches for all that came before it. Set by EncodeChunkHeader().
  uint64_t header_checksum = 0;
};

// Writes kChunkHeaderSize bytes and fills in `header.header_checksum`.
void EncodeChunkHeader(ChunkHeader& header, uint64_t previous_checksum,
                       char* out);

// Reads kChunkHeaderSize bytes into a chunk header without judging them.
ChunkHeader DecodeChunkHeader(const char* in);

// Returns what `header_checksum` must be for the chunk header at `in`.
uint64_t ComputeChunkHeaderChecksum(const char* in, uint64_t previous_checksum);

// Returns XXH3-64, the checksum of payloads and of the StreamHeader message.
uint64_t Checksum(absl::string_view bytes);
// Returns the same of all `parts`, one after the other.
uint64_t ChecksumOfParts(absl::Span<const absl::string_view> parts);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STREAM_FORMAT_H_
