// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The requests in flight of a packed ring, in memory that outlives the process.
// Their descriptors are in it as well, because answers to other requests may
// lie on them in the ring.

#ifndef DEVSTATE_RECOVERY_PACKED_INFLIGHT_H_
#define DEVSTATE_RECOVERY_PACKED_INFLIGHT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/recovery/inflight_layout.h"
#include "devstate/recovery/inflight_request.h"
#include "devstate/recovery/ordered_stores.h"
#include "devstate/transport/virtqueue/virtqueue.h"

namespace devstate::recovery {

// `Stores` is as for BasicSplitInflight. Thread-safety: none.
template <typename Stores>
class BasicPackedInflight {
 public:
  // Requires: `memory` has InflightStride(true, capacity) bytes, is aligned to
  // 8, and outlives this.
  BasicPackedInflight(char* memory, uint16_t capacity)
      : memory_(memory), capacity_(capacity) {}

  // Makes zeroed memory such that any implementation may begin with it.
  void Format() { Clear(capacity_, {}); }

  // Returns the requests that are in flight, in order, for a ring of this size.
  // `place` is where the ring is answered, and is replaced by what the memory
  // says, unless that is fresh. `is_available(place)` tells whether the ring's
  // descriptor there is not yet answered. Nothing is written unless all is
  // well.
  //
  // DATA_LOSS for damage, UNIMPLEMENTED for a newer version.
  template <typename IsAvailable>
  absl::StatusOr<std::vector<InflightRequest>> Recover(
      uint32_t ring_size, IsAvailable is_available,
      virtqueue::PackedPlace* place);

  // As BasicSplitInflight::fresh().
  bool fresh() const { return heads_.version == 0; }

  // As BasicSplitInflight::Begin().
  void Begin() {
    heads_.version = kInflightVersion;
    StoreHeads();
  }

  // Records a chain that was taken, and returns its entry. Requires: no more
  // descriptors are in flight then than the ring has.
  uint16_t Take(const virtqueue::Chain& chain);

  // An answer is recorded in three steps: Answer(), the flags of the ring's
  // descriptor are stored, then Finish(). Requires: `entry` is in flight.
  void Answer(uint16_t entry);
  void Finish(uint16_t entry);

 private:
  // A chain of entries, which is not read from shared memory again.
  struct Links {
    uint16_t last = 0;
    uint16_t num = 0;
  };

  PackedInflightHeader header() const {
    return LoadFrom<PackedInflightHeader>(memory_);
  }
  char* EntryAt(uint32_t index) const {
    return memory_ + sizeof(PackedInflightHeader) +
           index * sizeof(PackedInflightEntry);
  }
  PackedInflightEntry entry(uint32_t index) const {
    return LoadFrom<PackedInflightEntry>(EntryAt(index));
  }
  template <typename T>
  void StoreAt(uint32_t index, size_t field, T value) {
    Stores::Store(EntryAt(index) + field, value);
  }
  void SetInflight(uint32_t index, uint8_t value) {
    StoreAt(index, offsetof(PackedInflightEntry, inflight), value);
  }
  void StoreHeads() {
    Stores::Store(memory_ + offsetof(PackedInflightHeader, heads), heads_);
  }
  void StoreUsed() {
    Stores::Store(memory_ + offsetof(PackedInflightHeader, used), used_);
  }
  void Clear(uint32_t entries, virtqueue::PackedPlace place);
  // Follows the list of free entries; DATA_LOSS if it is none.
  absl::Status WalkFree(std::vector<bool>* seen);
  absl::Status ReadRequest(uint16_t index, std::vector<bool>* seen,
                           std::vector<InflightRequest>* requests);

  char* const memory_;
  const uint16_t capacity_;
  uint32_t ring_size_ = 0;
  uint64_t counter_ = 0;
  PackedInflightHeads heads_ = {};
  PackedInflightUsed used_ = {};
  std::vector<uint16_t> next_;
  std::vector<Links> links_;
};

using PackedInflight = BasicPackedInflight<OrderedStores>;

}  // namespace devstate::recovery

#include "devstate/recovery/packed_inflight_definitions.h"

#endif  // DEVSTATE_RECOVERY_PACKED_INFLIGHT_H_
