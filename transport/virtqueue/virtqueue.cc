// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/virtqueue/virtqueue.h"

#include "transport/virtqueue/packed_virtqueue.h"
#include "transport/virtqueue/split_virtqueue.h"

namespace devstate::virtqueue {
namespace {

// Of 16 bits: the place, and the wrap counter in the highest.
constexpr uint16_t kWrap = 1 << 15;

PackedPlace PlaceOf(uint16_t bits) {
  PackedPlace place;
  place.index = bits & ~kWrap;
  place.wrap = (bits & kWrap) != 0;
  return place;
}

uint16_t BitsOf(PackedPlace place) {
  return place.index | (place.wrap ? kWrap : 0);
}

}  // namespace

PackedPlace Advance(PackedPlace place, uint32_t count, uint32_t size) {
  uint32_t index = place.index + count;
  if (index >= size) {
    index -= size;
    place.wrap = !place.wrap;
  }
  place.index = static_cast<uint16_t>(index);
  return place;
}

RingPosition PackedPosition(uint32_t base) {
  RingPosition position;
  position.avail = PlaceOf(static_cast<uint16_t>(base));
  position.used = PlaceOf(static_cast<uint16_t>(base >> 16));
  return position;
}

uint32_t PackedBase(const RingPosition& position) {
  return BitsOf(position.avail) | uint32_t{BitsOf(position.used)} << 16;
}

absl::StatusOr<std::unique_ptr<Virtqueue>> OpenVirtqueue(
    const vhost_user::RingSetup& setup, bool packed,
    const GuestMemory& memory) {
  return packed ? PackedVirtqueue::Open(setup, memory)
                : SplitVirtqueue::Open(setup, memory);
}

}  // namespace devstate::virtqueue
