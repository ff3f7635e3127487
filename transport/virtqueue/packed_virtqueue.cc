// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/virtqueue/packed_virtqueue.h"

#include <endian.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/virtqueue/ring_layout.h"
#include "devstate/transport/virtqueue/shared_number.h"

namespace devstate::virtqueue {
namespace {

constexpr size_t kFlags = offsetof(PackedDescriptor, flags);

}  // namespace

absl::StatusOr<std::unique_ptr<Virtqueue>> PackedVirtqueue::Open(
    const vhost_user::RingSetup& setup, const GuestMemory& memory) {
  const uint32_t size = setup.size;
  if (size == 0 || size > kMaxRingSize) {
    return absl::InvalidArgumentError(absl::StrCat(
        "packed ring: a size of ", size, ", expected 1 to ", kMaxRingSize));
  }
  const RingPosition position = PackedPosition(setup.base);
  if (position.avail.index >= size || position.used.index >= size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "packed ring: the base names the places ", position.avail.index,
        " and ", position.used.index, " in a ring of ", size));
  }
  const vhost_user::RingAddress& address = setup.address;
  if (address.descriptors % 16 != 0 || address.available % 4 != 0) {
    return absl::InvalidArgumentError(
        "packed ring: an address that is not aligned as section 2.8 says");
  }
  std::unique_ptr<PackedVirtqueue> queue(
      new PackedVirtqueue(memory, size, setup.base));
  DS_ASSIGN_OR_RETURN(
      queue->descriptors_,
      memory.AtUser(address.descriptors, sizeof(PackedDescriptor) * size));
  DS_ASSIGN_OR_RETURN(queue->driver_event_,
                      memory.AtUser(address.available, kEventSize));
  return queue;
}

bool PackedVirtqueue::IsAvailable(PackedPlace place) const {
  const uint16_t flags = LoadShared16(
      descriptors_ + sizeof(PackedDescriptor) * place.index + kFlags);
  return ((flags & kDescAvail) != 0) == place.wrap &&
         ((flags & kDescUsed) != 0) != place.wrap;
}

absl::StatusOr<std::optional<Chain>> PackedVirtqueue::Take() {
  PackedPlace place = position_.avail;
  // The driver makes the first descriptor available last.
  if (!IsAvailable(place)) return std::nullopt;
  Chain chain;
  while (true) {
    if (chain.descriptors.size() == size_) {
      return absl::InvalidArgumentError(
          absl::StrCat("chain at place ", position_.avail.index,
                       ": it is longer than the ring"));
    }
    PackedDescriptor descriptor;
    std::memcpy(&descriptor,
                descriptors_ + sizeof(PackedDescriptor) * place.index,
                sizeof(descriptor));
    const uint16_t flags = le16toh(descriptor.flags);
    if ((flags & kDescIndirect) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("chain at place ", position_.avail.index,
                       ": an indirect descriptor, which was not offered"));
    }
    chain.descriptors.push_back(
        {le64toh(descriptor.address), le32toh(descriptor.length), flags});
    place = Advance(place, 1, size_);
    if ((flags & kDescNext) == 0) {
      chain.id = le16toh(descriptor.id);
      break;
    }
  }
  position_.avail = place;
  return chain;
}

absl::StatusOr<Chain> PackedVirtqueue::Reread(uint16_t id) {
  return absl::UnimplementedError(absl::StrCat(
      "chain ", id, ": answers to others may lie on it in a packed ring"));
}

void PackedVirtqueue::Publish(const std::vector<Used>& answers) {
  const Used& answer = answers.front();
  const PackedPlace place = position_.used;
  PackedDescriptor descriptor = {};
  descriptor.length = htole32(answer.written);
  descriptor.id = htole16(answer.id);
  // The address stays the driver's.
  constexpr size_t kLength = offsetof(PackedDescriptor, length);
  char* at = descriptors_ + sizeof(descriptor) * place.index;
  std::memcpy(at + kLength, reinterpret_cast<char*>(&descriptor) + kLength,
              kFlags - kLength);
  uint16_t flags = place.wrap ? kDescAvail | kDescUsed : 0;
  if (answer.written != 0) flags |= kDescWrite;
  StoreShared16(at + kFlags, flags);
  position_.used = Advance(place, answer.descriptors, size_);
}

bool PackedVirtqueue::WantsNotification() const {
  // As in a split ring.
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return (LoadShared16(driver_event_ + kEventFlags) & kEventFlagsMask) !=
         kEventDisable;
}

}  // namespace devstate::virtqueue
