// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/stream_mutator.h"

#include <cstdint>
#include <utility>

#include "fuzz/stream_parts.h"

namespace devstate::fuzz {
namespace {

void MutateOrder(StreamParts& parts, Random& random) {
  const size_t at = Below(parts.chunks.size(), random);
  const size_t other = Below(parts.chunks.size(), random);
  switch (Below(3, random)) {
    case 0:
      parts.chunks.erase(parts.chunks.begin() + static_cast<ptrdiff_t>(at));
      return;
    case 1:
      parts.chunks.insert(parts.chunks.begin() + static_cast<ptrdiff_t>(other),
                          ChunkParts(parts.chunks[at]));
      return;
    default:
      std::swap(parts.chunks[at], parts.chunks[other]);
  }
}

void MutateChunkHeader(ChunkParts& chunk, Random& random) {
  ChunkHeader& header = chunk.header;
  const auto small = static_cast<uint8_t>(random() % 6);
  switch (Below(8, random)) {
    case 0: {
      // The types of rounds are those from the first round's mark on.
      const uint8_t rounds = static_cast<uint8_t>(ChunkType::kFirstRound);
      const bool in_rounds = static_cast<uint8_t>(header.type) >= rounds;
      header.type = static_cast<ChunkType>(in_rounds ? rounds + small : small);
      return;
    }
    case 1:
      // Compresses what was raw, and the reverse.
      header.codec = header.codec == ChunkCodec::kRaw ? ChunkCodec::kZstd
                                                      : ChunkCodec::kRaw;
      return;
    case 2:
      header.codec = static_cast<ChunkCodec>(small);
      return;
    case 3:
      header.flags = static_cast<uint16_t>(MutateNumber(header.flags, random));
      return;
    case 4:
      header.field = static_cast<uint32_t>(
          random() % 2 == 0 ? random() % 20
                            : MutateNumber(header.field, random));
      return;
    case 5:
      header.records = static_cast<uint32_t>(
          random() % 2 == 0 ? header.records + random() % 3 - 1
                            : MutateNumber(header.records, random));
      return;
    case 6:
      chunk.decoded_size_error = static_cast<uint32_t>(MutateNumber(0, random));
      return;
    default:
      (small % 2 == 0 ? chunk.sequence_error : chunk.stored_size_error) =
          static_cast<uint32_t>(MutateNumber(0, random));
  }
}

void MutatePrefix(StreamPrefix& prefix, Random& random) {
  uint16_t& number =
      random() % 2 == 0 ? prefix.format_version : prefix.reserved;
  number = static_cast<uint16_t>(MutateNumber(number, random));
}

}  // namespace

std::string MutateStream(const std::string& stream, Random& random,
                         const ByteMutator& mutate) {
  StreamParts parts = TakeApart(stream);
  const size_t kind = Below(32, random);
  if (parts.chunks.empty() || kind < 4) {
    parts.header = MutateWire(parts.header, random, mutate);
    return Seal(parts);
  }
  ChunkParts& chunk = parts.chunks[Below(parts.chunks.size(), random)];
  switch (kind) {
    case 4:
      MutatePrefix(parts.prefix, random);
      break;
    case 5:
      parts.rest = mutate(std::move(parts.rest));
      break;
    case 6:
    case 7:
      MutateOrder(parts, random);
      break;
    case 8:
    case 9:
    case 10:
    case 11:
      MutateChunkHeader(chunk, random);
      break;
    case 12:
      // The trailer as it is, or changed.
      parts.count = false;
      [[fallthrough]];
    default:
      chunk.payload = MutateWire(chunk.payload, random, mutate);
  }
  return Seal(parts);
}

}  // namespace devstate::fuzz
