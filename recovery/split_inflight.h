// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The requests in flight of a split ring, in memory that outlives the process.

#ifndef DEVSTATE_RECOVERY_SPLIT_INFLIGHT_H_
#define DEVSTATE_RECOVERY_SPLIT_INFLIGHT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "devstate/recovery/inflight_layout.h"
#include "devstate/recovery/inflight_request.h"
#include "devstate/recovery/ordered_stores.h"

namespace devstate::recovery {

// `Stores` is a parameter for the test that ends the process between any two of
// them. Thread-safety: none.
template <typename Stores>
class BasicSplitInflight {
 public:
  // Requires: `memory` has InflightStride(false, capacity) bytes, is aligned to
  // 8, and outlives this.
  BasicSplitInflight(char* memory, uint16_t capacity)
      : memory_(memory), capacity_(capacity) {}

  // Returns the requests that are in flight, in order, for a ring of this size
  // whose used index is `used`. Nothing is written unless all is well.
  //
  // DATA_LOSS for damage, UNIMPLEMENTED for a newer version.
  absl::StatusOr<std::vector<InflightRequest>> Recover(uint32_t ring_size,
                                                       uint16_t used);

  // Returns whether Recover() found that nothing was ever recorded. The memory
  // may say something else by now. Requires: Recover() was fine, and Begin()
  // was not called yet.
  bool fresh() const { return fresh_; }

  // Makes fresh memory count, with what was recorded since Recover(). A process
  // that is killed before leaves it fresh. Requires: Recover() was fine.
  void Begin() {
    Stores::Store(memory_ + offsetof(SplitInflightHeader, version),
                  kInflightVersion);
  }

  // Records a chain that was taken. Requires: `head` is below the ring's size
  // and not in flight.
  void Take(uint16_t head) {
    char* entry = EntryAt(head);
    Stores::Store(entry + offsetof(SplitInflightEntry, counter), counter_++);
    SetInflight(head, 1);
  }

  // Answers are recorded in three steps: AddToBatch() for each, the ring's used
  // index is stored, then Finish() with it. Requires: the heads are in flight.
  void AddToBatch(uint16_t head) {
    Stores::Store(EntryAt(head) + offsetof(SplitInflightEntry, next),
                  batch_head_);
    batch_head_ = head;
    Stores::Store(memory_ + offsetof(SplitInflightHeader, last_batch_head),
                  batch_head_);
    batch_.push_back(head);
  }
  void Finish(uint16_t used) {
    for (const uint16_t head : batch_) SetInflight(head, 0);
    batch_.clear();
    Stores::Store(memory_ + offsetof(SplitInflightHeader, used_idx), used);
  }

 private:
  SplitInflightHeader header() const {
    return LoadFrom<SplitInflightHeader>(memory_);
  }
  char* EntryAt(uint32_t index) const {
    return memory_ + sizeof(SplitInflightHeader) +
           index * sizeof(SplitInflightEntry);
  }
  SplitInflightEntry entry(uint32_t index) const {
    return LoadFrom<SplitInflightEntry>(EntryAt(index));
  }
  void SetInflight(uint16_t head, uint8_t value) {
    Stores::Store(EntryAt(head) + offsetof(SplitInflightEntry, inflight),
                  value);
  }
  void Clear(uint32_t ring_size, uint16_t used);

  char* const memory_;
  const uint16_t capacity_;
  bool fresh_ = false;
  // The next counter. What is here is not read from shared memory again.
  uint64_t counter_ = 0;
  uint16_t batch_head_ = 0;
  std::vector<uint16_t> batch_;
};

using SplitInflight = BasicSplitInflight<OrderedStores>;

template <typename Stores>
void BasicSplitInflight<Stores>::Clear(uint32_t ring_size, uint16_t used) {
  for (uint32_t i = 0; i < capacity_; ++i) SetInflight(i, 0);
  Stores::Store(memory_ + offsetof(SplitInflightHeader, desc_num),
                static_cast<uint16_t>(ring_size));
  Stores::Store(memory_ + offsetof(SplitInflightHeader, used_idx), used);
}

template <typename Stores>
absl::StatusOr<std::vector<InflightRequest>>
BasicSplitInflight<Stores>::Recover(uint32_t ring_size, uint16_t used) {
  if (ring_size > capacity_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a ring of ", ring_size,
        " descriptors, and memory for the requests of ", capacity_));
  }
  const SplitInflightHeader found = header();
  fresh_ = found.version == 0;
  if (fresh_) {
    Clear(ring_size, used);
    return std::vector<InflightRequest>();
  }
  if (found.version != kInflightVersion) {
    return absl::UnimplementedError(
        absl::StrCat("memory of requests in flight of version ", found.version,
                     ", this is ", kInflightVersion));
  }
  // libvhost-user puts the size of the memory here, not that of the ring.
  if (found.desc_num < ring_size || found.desc_num > capacity_) {
    return DamagedInflight(absl::StrCat(found.desc_num, " entries for ",
                                        ring_size, " descriptors"));
  }
  // What was answered last and may not have been cleared.
  const uint16_t batch_size = used - found.used_idx;
  if (batch_size > ring_size) {
    return DamagedInflight(absl::StrCat("the used index went from ",
                                        found.used_idx, " to ", used,
                                        " in a ring of ", ring_size));
  }
  std::vector<bool> answered(ring_size);
  uint16_t head = found.last_batch_head;
  for (uint32_t i = 0; i < batch_size; ++i) {
    if (head >= ring_size || answered[head]) {
      return DamagedInflight(
          absl::StrCat("the last answers lead to entry ", head));
    }
    answered[head] = true;
    head = entry(head).next;
  }
  std::vector<InflightRequest> requests;
  for (uint32_t i = 0; i < capacity_; ++i) {
    const SplitInflightEntry state = entry(i);
    if (state.inflight > 1 || (state.inflight == 1 && i >= ring_size)) {
      return DamagedInflight(absl::StrCat("entry ", i, " of ", ring_size,
                                          " has the state ",
                                          uint32_t{state.inflight}));
    }
    if (state.inflight == 0 || answered[i]) continue;
    InflightRequest& request = requests.emplace_back();
    request.counter = state.counter;
    request.entry = request.chain.id = static_cast<uint16_t>(i);
  }
  absl::Status sorted = SortByCounter(&requests);
  if (!sorted.ok()) return sorted;

  for (uint32_t i = 0; i < ring_size; ++i) {
    if (answered[i]) SetInflight(i, 0);
  }
  Stores::Store(memory_ + offsetof(SplitInflightHeader, used_idx), used);
  counter_ = requests.empty() ? 0 : requests.back().counter + 1;
  batch_head_ = found.last_batch_head;
  return requests;
}

}  // namespace devstate::recovery

#endif  // DEVSTATE_RECOVERY_SPLIT_INFLIGHT_H_
