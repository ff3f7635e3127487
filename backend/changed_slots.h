// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_CHANGED_SLOTS_H_
#define DEVSTATE_BACKEND_CHANGED_SLOTS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace devstate {

// A bit for each slot of a table, set by whoever changes what is in the slot
// and cleared by whoever collects the changes. Takes memory for the slots that
// were ever marked, 8 KiB for 65536 neighbours. Thread-safety: any.
class ChangedSlots {
 public:
  // Slots are below this.
  static constexpr uint64_t kMaxSlots = uint64_t{1} << 30;

  ChangedSlots() = default;
  ~ChangedSlots();

  ChangedSlots(const ChangedSlots&) = delete;
  ChangedSlots& operator=(const ChangedSlots&) = delete;

  // Marks a slot, after the change. Takes no lock. A slot that is not below
  // kMaxSlots is not marked; overflowed() tells.
  void Mark(uint64_t slot);

  // Returns the slots that were marked since the last call, in ascending order.
  // Who then reads what is in a slot, with the lock that its changes are made
  // with, sees the change for which it was marked. A change that comes too late
  // for that is marked for the next call.
  std::vector<uint64_t> Take();

  // Returns how many slots are marked, about: marks come and go meanwhile.
  uint64_t Count() const;

  // Returns whether a slot could not be marked.
  bool overflowed() const { return overflowed_.load(); }

 private:
  static constexpr size_t kSegmentSlots = 65536;
  using Segment = std::array<std::atomic<uint64_t>, kSegmentSlots / 64>;

  Segment& SegmentOf(uint64_t slot);

  std::array<std::atomic<Segment*>, kMaxSlots / kSegmentSlots> segments_ = {};
  std::atomic<bool> overflowed_{false};
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_CHANGED_SLOTS_H_
