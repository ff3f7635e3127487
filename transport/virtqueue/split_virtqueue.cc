// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/virtqueue/split_virtqueue.h"

#include <endian.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/virtqueue/ring_layout.h"
#include "devstate/transport/virtqueue/shared_number.h"

namespace devstate::virtqueue {

absl::StatusOr<std::unique_ptr<Virtqueue>> SplitVirtqueue::Open(
    const vhost_user::RingSetup& setup, const GuestMemory& memory) {
  const uint32_t size = setup.size;
  if (size == 0 || size > kMaxRingSize || (size & (size - 1)) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("split ring: a size of ", size,
                     ", expected a power of two up to ", kMaxRingSize));
  }
  if (setup.base > UINT16_MAX) {
    return absl::InvalidArgumentError(absl::StrCat(
        "split ring: a base of ", setup.base, ", expected 16 bits"));
  }
  std::unique_ptr<SplitVirtqueue> queue(
      new SplitVirtqueue(memory, size, static_cast<uint16_t>(setup.base)));
  const vhost_user::RingAddress& address = setup.address;
  if (address.descriptors % 16 != 0 || address.available % 2 != 0 ||
      address.used % 4 != 0) {
    return absl::InvalidArgumentError(
        "split ring: an address that is not aligned as section 2.7 says");
  }
  DS_ASSIGN_OR_RETURN(
      queue->descriptors_,
      memory.AtUser(address.descriptors, sizeof(SplitDescriptor) * size));
  DS_ASSIGN_OR_RETURN(
      queue->available_,
      memory.AtUser(address.available, kAvailRing + kAvailEntry * size));
  DS_ASSIGN_OR_RETURN(
      queue->used_ring_,
      memory.AtUser(address.used, kUsedRing + sizeof(SplitUsedElement) * size));
  queue->used_ = LoadShared16(queue->used_ring_ + kUsedIndex);
  return queue;
}

absl::StatusOr<std::optional<Chain>> SplitVirtqueue::Take() {
  const uint16_t index = LoadShared16(available_ + kAvailIndex);
  const uint16_t waiting = index - last_avail_;
  if (waiting == 0) return std::nullopt;
  if (waiting > size_) {
    return absl::InvalidArgumentError(
        absl::StrCat("available ring: the index went from ", last_avail_,
                     " to ", index, " in a ring of ", size_));
  }
  const uint16_t head = LoadShared16(available_ + kAvailRing +
                                     kAvailEntry * (last_avail_ % size_));
  DS_ASSIGN_OR_RETURN(Chain chain, Reread(head));
  ++last_avail_;
  return chain;
}

absl::StatusOr<Chain> SplitVirtqueue::Reread(uint16_t id) {
  Chain chain;
  chain.id = id;
  uint16_t index = id;
  while (true) {
    if (index >= size_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "chain ", id, ": descriptor ", index, " in a table of ", size_));
    }
    if (chain.descriptors.size() == size_) {
      return absl::InvalidArgumentError(
          absl::StrCat("chain ", id, ": it has a loop"));
    }
    SplitDescriptor descriptor;
    std::memcpy(&descriptor, descriptors_ + sizeof(descriptor) * index,
                sizeof(descriptor));
    const uint16_t flags = le16toh(descriptor.flags);
    if ((flags & kDescIndirect) != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "chain ", id, ": an indirect descriptor, which was not offered"));
    }
    chain.descriptors.push_back(
        {le64toh(descriptor.address), le32toh(descriptor.length), flags});
    if ((flags & kDescNext) == 0) return chain;
    index = le16toh(descriptor.next);
  }
}

void SplitVirtqueue::Publish(const std::vector<Used>& answers) {
  for (const Used& answer : answers) {
    const SplitUsedElement element = {htole32(answer.id),
                                      htole32(answer.written)};
    std::memcpy(used_ring_ + kUsedRing + sizeof(element) * (used_ % size_),
                &element, sizeof(element));
    ++used_;
  }
  StoreShared16(used_ring_ + kUsedIndex, used_);
}

bool SplitVirtqueue::WantsNotification() const {
  // The driver looks at the used index after it has allowed interrupts: one of
  // both must see the other's store.
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return (LoadShared16(available_) & kAvailNoInterrupt) == 0;
}

RingPosition SplitVirtqueue::position() const {
  RingPosition position;
  position.avail.index = last_avail_;
  position.used.index = used_;
  return position;
}

void SplitVirtqueue::Seek(const RingPosition& position) {
  last_avail_ = position.avail.index;
  used_ = position.used.index;
}

}  // namespace devstate::virtqueue
