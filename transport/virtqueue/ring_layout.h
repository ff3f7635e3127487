// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The rings of a virtqueue in guest memory, for devices that negotiated
// VIRTIO_F_VERSION_1: numbers are little-endian. Sections are those of VIRTIO
// 1.3.

#ifndef DEVSTATE_TRANSPORT_VIRTQUEUE_RING_LAYOUT_H_
#define DEVSTATE_TRANSPORT_VIRTQUEUE_RING_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace devstate::virtqueue {

// Descriptors of both kinds of ring (2.7.5, 2.8.6).
inline constexpr uint16_t kDescNext = 1;
inline constexpr uint16_t kDescWrite = 2;
inline constexpr uint16_t kDescIndirect = 4;
// Of packed rings only.
inline constexpr uint16_t kDescAvail = 1 << 7;
inline constexpr uint16_t kDescUsed = 1 << 15;

inline constexpr uint32_t kMaxRingSize = 32768;

// The descriptor table of a split ring (2.7.5).
struct SplitDescriptor {
  uint64_t address;
  uint32_t length;
  uint16_t flags;
  uint16_t next;
};
static_assert(sizeof(SplitDescriptor) == 16);

// The available ring: flags, index, then an entry for each descriptor (2.7.6).
inline constexpr uint64_t kAvailIndex = 2;
inline constexpr uint64_t kAvailRing = 4;
inline constexpr uint64_t kAvailEntry = 2;
inline constexpr uint16_t kAvailNoInterrupt = 1;

// The used ring: flags, index, then an entry for each descriptor (2.7.8).
inline constexpr uint64_t kUsedIndex = 2;
inline constexpr uint64_t kUsedRing = 4;
struct SplitUsedElement {
  uint32_t id;
  uint32_t length;
};
static_assert(sizeof(SplitUsedElement) == 8);

// The descriptor ring of a packed ring (2.8.13).
struct PackedDescriptor {
  uint64_t address;
  uint32_t length;
  uint16_t id;
  uint16_t flags;
};
static_assert(sizeof(PackedDescriptor) == 16);

// Event suppression of a packed ring: position, then flags (2.8.14).
inline constexpr uint64_t kEventFlags = 2;
inline constexpr uint64_t kEventSize = 4;
inline constexpr uint16_t kEventFlagsMask = 3;
inline constexpr uint16_t kEventDisable = 1;

}  // namespace devstate::virtqueue

#endif  // DEVSTATE_TRANSPORT_VIRTQUEUE_RING_LAYOUT_H_
