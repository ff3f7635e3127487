// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Numbers of VIRTIO 1.3, section 5.2.

#ifndef DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_PROTOCOL_H_
#define DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_PROTOCOL_H_

#include <cstddef>
#include <cstdint>

namespace devstate::blk::examples {

// Features (5.2.3).
inline constexpr uint64_t kBlkSegMax = 1 << 2;
inline constexpr uint64_t kBlkBlkSize = 1 << 6;
inline constexpr uint64_t kBlkFlush = 1 << 9;
inline constexpr uint64_t kBlkConfigWce = 1 << 11;
inline constexpr uint64_t kBlkMq = 1 << 12;
inline constexpr uint64_t kBlkDiscard = 1 << 13;
inline constexpr uint64_t kBlkWriteZeroes = 1 << 14;

// The configuration space (5.2.4). Little-endian.
struct BlkConfigSpace {
  uint64_t capacity;  // in sectors
  uint32_t size_max;
  uint32_t seg_max;
  uint16_t cylinders;
  uint8_t heads;
  uint8_t sectors;
  uint32_t blk_size;
  uint8_t physical_block_exp;
  uint8_t alignment_offset;
  uint16_t min_io_size;
  uint32_t opt_io_size;
  uint8_t writeback;
  uint8_t unused0;
  uint16_t num_queues;
  uint32_t max_discard_sectors;
  uint32_t max_discard_seg;
  uint32_t discard_sector_alignment;
  uint32_t max_write_zeroes_sectors;
  uint32_t max_write_zeroes_seg;
  uint8_t write_zeroes_may_unmap;
  uint8_t unused1[3];
  // Secure erase and zones, which are not offered. Front-ends read them.
  uint8_t rest[36];
};
static_assert(sizeof(BlkConfigSpace) == 96);
static_assert(offsetof(BlkConfigSpace, writeback) == 32);

// Requests (5.2.6).
inline constexpr uint32_t kBlkIn = 0;
inline constexpr uint32_t kBlkOut = 1;
inline constexpr uint32_t kBlkFlushRequest = 4;
inline constexpr uint32_t kBlkGetId = 8;
inline constexpr uint32_t kBlkDiscardRequest = 11;
inline constexpr uint32_t kBlkWriteZeroesRequest = 13;

struct BlkRequestHeader {
  uint32_t type;
  uint32_t reserved;
  uint64_t sector;
};
static_assert(sizeof(BlkRequestHeader) == 16);

// A segment of a discard or write-zeroes request.
struct BlkRange {
  uint64_t sector;
  uint32_t num_sectors;
  uint32_t flags;
};
static_assert(sizeof(BlkRange) == 16);
inline constexpr uint32_t kBlkUnmap = 1;

inline constexpr uint8_t kBlkOk = 0;
inline constexpr uint8_t kBlkIoError = 1;
inline constexpr uint8_t kBlkUnsupported = 2;

inline constexpr size_t kBlkIdSize = 20;

}  // namespace devstate::blk::examples

#endif  // DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_PROTOCOL_H_
