// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The device's side of one virtqueue.

#ifndef DEVSTATE_TRANSPORT_VIRTQUEUE_VIRTQUEUE_H_
#define DEVSTATE_TRANSPORT_VIRTQUEUE_VIRTQUEUE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/vhost_user/data_plane.h"
#include "devstate/transport/virtqueue/guest_memory.h"

namespace devstate::virtqueue {

struct Descriptor {
  uint64_t address = 0;  // in the guest's address space
  uint32_t length = 0;   // in bytes
  uint16_t flags = 0;    // kDesc*
};

// The descriptors of one request. Copied from the ring, so that the driver
// cannot change them any more.
struct Chain {
  // Split ring: the index of the first descriptor. Packed ring: the buffer ID.
  uint16_t id = 0;
  std::vector<Descriptor> descriptors;
};

// The answer to a chain.
struct Used {
  uint16_t id = 0;
  uint16_t descriptors = 0;  // of the chain
  uint32_t written = 0;      // bytes, from the first that the device may write
};

// A place in a packed ring.
struct PackedPlace {
  uint16_t index = 0;
  bool wrap = true;

  bool operator==(const PackedPlace& other) const {
    return index == other.index && wrap == other.wrap;
  }
  bool operator!=(const PackedPlace& other) const { return !(*this == other); }
};
// Returns the place `count` descriptors on. Requires: `count` is at most
// `size`.
PackedPlace Advance(PackedPlace place, uint32_t count, uint32_t size);

// The places of a ring: where the device takes and where it answers. The
// indices of a split ring run freely, and its wrap counters say nothing.
struct RingPosition {
  PackedPlace avail;
  PackedPlace used;
};

// Return the position that SET_VRING_BASE gives a packed ring, and the base for
// one ("vring descriptor indices for packed virtqueues").
RingPosition PackedPosition(uint32_t base);
uint32_t PackedBase(const RingPosition& position);

// Takes chains from a driver and answers them. The driver is not trusted: every
// index is bounded and each chain ends after as many descriptors as the ring
// has. An error of Take() or Reread() is INVALID_ARGUMENT and says what the
// driver did wrong; the queue must not be used after it.
//
// Neither indirect descriptors nor VIRTIO_F_EVENT_IDX are known. A device must
// not offer them. Thread-safety: none.
class Virtqueue {
 public:
  virtual ~Virtqueue() = default;

  // Takes the next chain; nullopt if there is none.
  virtual absl::StatusOr<std::optional<Chain>> Take() = 0;
  // Reads the chain again that has been taken from a split ring and is not
  // answered. UNIMPLEMENTED for a packed ring, where answers may lie on it.
  virtual absl::StatusOr<Chain> Reread(uint16_t id) = 0;

  // Writes answers where the driver finds them. All of them become visible by
  // one store, the last. A packed ring takes one at a time: if the process ends
  // in the middle of more, those that are in the ring and not visible would
  // turn visible when others are written before them.
  virtual void Publish(const std::vector<Used>& answers) = 0;
  // Returns whether the driver wants to be notified of what was published.
  virtual bool WantsNotification() const = 0;

  virtual uint32_t size() const = 0;
  virtual bool packed() const = 0;
  virtual RingPosition position() const = 0;
  // Goes to another place. Requires: it is one of a ring of this size.
  virtual void Seek(const RingPosition& position) = 0;
  // Returns what GET_VRING_BASE says.
  virtual uint32_t base() const = 0;
  // Returns whether the driver's descriptor at a place of a packed ring is
  // available, that is not yet answered. Requires: the ring is packed.
  virtual bool IsAvailable(PackedPlace place) const = 0;
};

// Opens a ring where `setup` says. It is packed if `packed` is set.
// INVALID_ARGUMENT if size, addresses or base cannot be those of a ring.
absl::StatusOr<std::unique_ptr<Virtqueue>> OpenVirtqueue(
    const vhost_user::RingSetup& setup, bool packed, const GuestMemory& memory);

}  // namespace devstate::virtqueue

#endif  // DEVSTATE_TRANSPORT_VIRTQUEUE_VIRTQUEUE_H_
