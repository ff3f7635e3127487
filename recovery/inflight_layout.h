// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The memory of one queue's requests in flight. Source: QEMU's
// docs/interop/vhost-user.rst, "Inflight I/O tracking". Numbers are in the byte
// order of the machine.

#ifndef DEVSTATE_RECOVERY_INFLIGHT_LAYOUT_H_
#define DEVSTATE_RECOVERY_INFLIGHT_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace devstate::recovery {

// 0 says that nothing was ever recorded.
inline constexpr uint16_t kInflightVersion = 1;

// QueueRegionSplit and its DescStateSplit, one for each descriptor.
struct SplitInflightHeader {
  uint64_t features;
  uint16_t version;
  uint16_t desc_num;
  uint16_t last_batch_head;
  uint16_t used_idx;
};
static_assert(sizeof(SplitInflightHeader) == 16);

struct SplitInflightEntry {
  uint8_t inflight;
  uint8_t padding[5];
  uint16_t next;
  uint64_t counter;
};
static_assert(sizeof(SplitInflightEntry) == 16);

// QueueRegionPacked. Its numbers from `version` on are two words of 8 bytes
// here, because they change together: one store for each leaves no middle.
struct PackedInflightHeads {
  uint16_t version;
  uint16_t desc_num;
  uint16_t free_head;
  uint16_t old_free_head;
};
struct PackedInflightUsed {
  uint16_t used_idx;
  uint16_t old_used_idx;
  uint8_t used_wrap_counter;
  uint8_t old_used_wrap_counter;
  uint8_t padding[2];
};
struct PackedInflightHeader {
  uint64_t features;
  PackedInflightHeads heads;
  PackedInflightUsed used;
  // 5 bytes of padding that the text names, 3 of alignment that it does not.
  uint8_t padding[8];
};
static_assert(sizeof(PackedInflightHeads) == 8);
static_assert(sizeof(PackedInflightUsed) == 8);
static_assert(sizeof(PackedInflightHeader) == 32);

// DescStatePacked.
struct PackedInflightEntry {
  uint8_t inflight;
  uint8_t padding;
  uint16_t next;
  uint16_t last;
  uint16_t num;
  uint64_t counter;
  uint16_t id;
  uint16_t flags;
  uint32_t len;
  uint64_t addr;
};
static_assert(sizeof(PackedInflightEntry) == 32);

// Returns the bytes from one queue's memory to the next one's. No message says
// it. libvhost-user and DPDK reckon it in ways of their own with the same
// results; see the test.
constexpr uint64_t InflightStride(bool packed, uint32_t queue_size) {
  const uint64_t bytes =
      packed ? sizeof(PackedInflightHeader) +
                   uint64_t{queue_size} * sizeof(PackedInflightEntry)
             : sizeof(SplitInflightHeader) +
                   uint64_t{queue_size} * sizeof(SplitInflightEntry);
  return (bytes + 63) / 64 * 64;
}

}  // namespace devstate::recovery

#endif  // DEVSTATE_RECOVERY_INFLIGHT_LAYOUT_H_
