// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/chunk_order.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace devstate {

absl::string_view NameOf(ChunkType type) {
  switch (type) {
    case ChunkType::kRoot:
      return "root";
    case ChunkType::kBatch:
      return "batch";
    case ChunkType::kTrailer:
      return "trailer";
    case ChunkType::kFirstRound:
      return "first round";
    case ChunkType::kDeltaRound:
      return "delta round";
    case ChunkType::kRoundComplete:
      return "round complete";
    case ChunkType::kFinal:
      return "final";
    case ChunkType::kUpserts:
      return "upserts";
    case ChunkType::kDeletions:
      return "deletions";
  }
  return "unknown";
}

std::string ChunkOrder::Fault(ChunkType type, uint32_t field) const {
  if (stage_ == Stage::kStart) {
    if (type == ChunkType::kRoot) return "";
    if (type == ChunkType::kFirstRound) return MarkFault(type, field);
    return "the root chunk must be the first one, and only that";
  }
  if (IsRoundMark(type)) return MarkFault(type, field);
  const bool first = stage_ == Stage::kFirst || stage_ == Stage::kWhole;
  bool fits = false;
  switch (type) {
    case ChunkType::kRoot:
      if (!in_rounds()) {
        return "the root chunk must be the first one, and only that";
      }
      fits = stage_ == Stage::kRoot;
      break;
    case ChunkType::kBatch:
      fits = first;
      break;
    case ChunkType::kUpserts:
    case ChunkType::kDeletions:
      fits = stage_ == Stage::kDelta;
      break;
    case ChunkType::kTrailer:
      fits = stage_ == Stage::kWhole || stage_ == Stage::kFinal;
      break;
    default:
      fits = first || stage_ == Stage::kDelta;
  }
  if (!fits) {
    if (!in_rounds()) {
      return absl::StrCat(NameOf(type), " in a state without rounds");
    }
    static constexpr absl::string_view kWhere[] = {
        "", "", "where the root chunk of the round must come",
        "in the first round", "in a delta round",
        "after the end of a round, where the next round must start",
        "after the final mark, where the trailer must come"};
    return absl::StrCat(IsKnown(type) ? NameOf(type) : "a chunk", " ",
                        kWhere[static_cast<int>(stage_)]);
  }
  if (HasRecords(type) && field < last_field_) {
    return absl::StrCat(NameOf(type), " of field ", field,
                        " comes after one of field ", last_field_);
  }
  return "";
}

std::string ChunkOrder::MarkFault(ChunkType type, uint32_t round) const {
  const bool starts =
      type == ChunkType::kFirstRound || type == ChunkType::kDeltaRound;
  bool fits = false;
  if (type == ChunkType::kFirstRound) {
    fits = stage_ == Stage::kStart;
  } else if (type == ChunkType::kDeltaRound) {
    fits = stage_ == Stage::kComplete;
  } else {
    fits = stage_ == Stage::kFirst || stage_ == Stage::kDelta;
  }
  if (!fits) {
    return absl::StrCat(NameOf(type),
                        in_rounds() ? " out of place: round "
                                    : " in a state without rounds",
                        in_rounds() ? absl::StrCat(rounds_.size()) : "");
  }
  const uint64_t expected = rounds_.size() + (starts ? 1 : 0);
  if (round == expected) return "";
  return absl::StrCat(NameOf(type), " has number ", round,
                      ", expected ", expected);
}

void ChunkOrder::Add(ChunkType type, uint32_t field, uint32_t records) {
  switch (type) {
    case ChunkType::kRoot:
      stage_ = rounds_.empty()       ? Stage::kWhole
               : rounds_.size() == 1 ? Stage::kFirst
                                     : Stage::kDelta;
      break;
    case ChunkType::kFirstRound:
    case ChunkType::kDeltaRound:
      stage_ = Stage::kRoot;
      rounds_.emplace_back();
      last_field_ = 0;
      break;
    case ChunkType::kRoundComplete:
      stage_ = Stage::kComplete;
      break;
    case ChunkType::kFinal:
      stage_ = Stage::kFinal;
      break;
    default:
      if (HasRecords(type)) last_field_ = field;
  }
  if (!in_rounds()) return;
  RoundCounts& counts = rounds_.back();
  ++counts.chunks;
  (type == ChunkType::kDeletions ? counts.deleted : counts.written) += records;
}

}  // namespace devstate
