// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each word is changed by read-modify-write operations alone. So a mark is
// either in what the collector takes, and then the change before it is visible
// to him, or it is in the next. A plain load to see whether the bit is set
// already could miss that the collector has just cleared it.

#include "devstate/backend/changed_slots.h"

#include <memory>

namespace devstate {

ChangedSlots::~ChangedSlots() {
  for (std::atomic<Segment*>& segment : segments_) delete segment.load();
}

ChangedSlots::Segment& ChangedSlots::SegmentOf(uint64_t slot) {
  std::atomic<Segment*>& place = segments_[slot / kSegmentSlots];
  Segment* segment = place.load(std::memory_order_acquire);
  if (segment != nullptr) return *segment;
  auto made = std::make_unique<Segment>();
  for (std::atomic<uint64_t>& word : *made) {
    word.store(0, std::memory_order_relaxed);
  }
  if (place.compare_exchange_strong(segment, made.get(),
                                    std::memory_order_acq_rel)) {
    return *made.release();
  }
  return *segment;
}

void ChangedSlots::Mark(uint64_t slot) {
  if (slot >= kMaxSlots) {
    overflowed_.store(true);
    return;
  }
  SegmentOf(slot)[slot % kSegmentSlots / 64].fetch_or(
      uint64_t{1} << slot % 64, std::memory_order_release);
}

std::vector<uint64_t> ChangedSlots::Take() {
  std::vector<uint64_t> slots;
  uint64_t first = 0;
  for (std::atomic<Segment*>& place : segments_) {
    if (Segment* const segment = place.load(std::memory_order_acquire)) {
      for (size_t i = 0; i < segment->size(); ++i) {
        std::atomic<uint64_t>& word = (*segment)[i];
        // A mark that this does not see is one of the next call.
        if (word.load(std::memory_order_relaxed) == 0) continue;
        uint64_t bits = word.exchange(0, std::memory_order_acquire);
        for (; bits != 0; bits &= bits - 1) {
          slots.push_back(first + i * 64 +
                          static_cast<uint64_t>(__builtin_ctzll(bits)));
        }
      }
    }
    first += kSegmentSlots;
  }
  return slots;
}

uint64_t ChangedSlots::Count() const {
  uint64_t count = 0;
  for (const std::atomic<Segment*>& place : segments_) {
    const Segment* const segment = place.load(std::memory_order_acquire);
    if (segment == nullptr) continue;
    for (const std::atomic<uint64_t>& word : *segment) {
      count += static_cast<uint64_t>(
          __builtin_popcountll(word.load(std::memory_order_relaxed)));
    }
  }
  return count;
}

}  // namespace devstate
