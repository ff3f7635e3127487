// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_CHUNK_ORDER_H_
#define DEVSTATE_SERIALIZER_CHUNK_ORDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

// Returns whether the chunk has records of one field.
constexpr bool HasRecords(ChunkType type) {
  return type == ChunkType::kBatch || type == ChunkType::kUpserts ||
         type == ChunkType::kDeletions;
}

// Returns whether the chunk starts or ends a round.
constexpr bool IsRoundMark(ChunkType type) {
  return type == ChunkType::kFirstRound || type == ChunkType::kDeltaRound ||
         type == ChunkType::kRoundComplete || type == ChunkType::kFinal;
}

// Returns the name of the type in docs/stream_format.md; "unknown" of one that
// this release does not know.
absl::string_view NameOf(ChunkType type);

// Returns whether this release knows the type.
constexpr bool IsKnown(ChunkType type) {
  return type == ChunkType::kRoot || type == ChunkType::kTrailer ||
         HasRecords(type) || IsRoundMark(type);
}

// The order in which the chunks of a stream may come (docs/stream_format.md,
// "Chunks" and "Rounds"), for writers and readers alike. Thread-safety: none.
class ChunkOrder {
 public:
  // Returns why a chunk of this type and field may not come now; empty if it
  // may. A type that IsKnown() does not hold for is an ignorable one.
  std::string Fault(ChunkType type, uint32_t field) const;
  // Goes on to the next chunk. Requires: Fault() is empty.
  void Add(ChunkType type, uint32_t field, uint32_t records);

  bool in_rounds() const { return !rounds_.empty(); }
  // Returns what the trailer must say of the rounds so far.
  const std::vector<RoundCounts>& rounds() const { return rounds_; }

 private:
  enum class Stage {
    kStart,
    // The batches of a state without rounds, then the trailer.
    kWhole,
    // A round has begun, and its root chunk must come.
    kRoot,
    // The batches of the first round, or the changes of a later one.
    kFirst,
    kDelta,
    // Between two rounds.
    kComplete,
    // After the last one.
    kFinal,
  };

  std::string MarkFault(ChunkType type, uint32_t round) const;

  Stage stage_ = Stage::kStart;
  std::vector<RoundCounts> rounds_;
  uint32_t last_field_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_CHUNK_ORDER_H_
