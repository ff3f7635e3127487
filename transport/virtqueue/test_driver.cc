// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/virtqueue/test_driver.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace devstate::virtqueue {

TestDriver::TestDriver(bool packed, uint32_t size)
    : packed_(packed),
      size_(size),
      file_(::memfd_create("guest", MFD_CLOEXEC)) {
  if (::ftruncate(file_.get(), kMemorySize) != 0) std::abort();
  void* base = ::mmap(nullptr, kMemorySize, PROT_READ | PROT_WRITE, MAP_SHARED,
                      file_.get(), 0);
  if (base == MAP_FAILED || !memory_.Add(region()).ok()) std::abort();
  base_ = static_cast<char*>(base);
  for (uint32_t i = 0; i < size; ++i) {
    free_.push_back(static_cast<uint16_t>(size - 1 - i));
  }
}

vhost_user::MemoryRegion TestDriver::region() const {
  vhost_user::MemoryRegion region;
  region.guest_address = kGuestBase;
  region.size = kMemorySize;
  region.user_address = kUserBase;
  region.fd = FileDescriptor(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0));
  return region;
}

GuestMemory TestDriver::memory() const { return memory_; }

vhost_user::RingSetup TestDriver::setup(uint32_t base) const {
  vhost_user::RingSetup setup;
  setup.size = size_;
  setup.address.descriptors = kUserBase;
  setup.address.available = kUserBase + kAvailable;
  setup.address.used = kUserBase + kUsed;
  setup.base = base;
  setup.enabled = true;
  return setup;
}

uint16_t TestDriver::Add(const std::vector<Descriptor>& descriptors) {
  const uint16_t id = free_.back();
  lengths_[id] = static_cast<uint16_t>(descriptors.size());
  if (packed_) {
    free_.pop_back();
    const PackedPlace first = next_;
    uint16_t first_flags = 0;
    for (size_t i = 0; i < descriptors.size(); ++i) {
      uint16_t flags = descriptors[i].flags;
      if (i + 1 < descriptors.size()) flags |= kDescNext;
      flags |= next_.wrap ? kDescAvail : kDescUsed;
      packed()[next_.index] = {descriptors[i].address, descriptors[i].length,
                               id, flags};
      if (i == 0) {
        first_flags = flags;
        // Until the rest is there it is not available.
        packed()[first.index].flags = first.wrap ? 0 : kDescAvail | kDescUsed;
      }
      next_ = Advance(next_, 1, size_);
    }
    __atomic_store_n(&packed()[first.index].flags, first_flags,
                     __ATOMIC_RELEASE);
    return id;
  }
  std::vector<uint16_t>& chain = chains_[id];
  for (size_t i = 0; i < descriptors.size(); ++i) {
    chain.push_back(free_.back());
    free_.pop_back();
  }
  for (size_t i = 0; i < descriptors.size(); ++i) {
    const bool more = i + 1 < descriptors.size();
    split()[chain[i]] = {
        descriptors[i].address, descriptors[i].length,
        static_cast<uint16_t>(descriptors[i].flags | (more ? kDescNext : 0)),
        more ? chain[i + 1] : uint16_t{0}};
  }
  const uint16_t index = available()[1];
  available()[2 + index % size_] = id;
  __atomic_store_n(&available()[1], static_cast<uint16_t>(index + 1),
                   __ATOMIC_RELEASE);
  return id;
}

std::optional<Used> TestDriver::Next() {
  Used answer;
  if (packed_) {
    const PackedDescriptor& descriptor = packed()[used_.index];
    const uint16_t flags = __atomic_load_n(&descriptor.flags, __ATOMIC_ACQUIRE);
    const bool avail = (flags & kDescAvail) != 0;
    const bool used = (flags & kDescUsed) != 0;
    if (avail != used || used != used_.wrap) return std::nullopt;
    answer.id = descriptor.id;
    answer.written = descriptor.length;
    answer.descriptors = lengths_.at(answer.id);
    used_ = Advance(used_, answer.descriptors, size_);
    free_.push_back(answer.id);
  } else {
    char* ring = base_ + kUsed;
    const uint16_t index = __atomic_load_n(
        reinterpret_cast<uint16_t*>(ring + kUsedIndex), __ATOMIC_ACQUIRE);
    if (index == used_.index) return std::nullopt;
    const auto* elements =
        reinterpret_cast<const SplitUsedElement*>(ring + kUsedRing);
    const SplitUsedElement& element = elements[used_.index % size_];
    answer.id = static_cast<uint16_t>(element.id);
    answer.written = element.length;
    answer.descriptors = lengths_.at(answer.id);
    ++used_.index;
    for (const uint16_t part : chains_[answer.id]) free_.push_back(part);
    chains_.erase(answer.id);
  }
  lengths_.erase(answer.id);
  return answer;
}

void TestDriver::Suppress(bool suppressed) {
  if (packed_) {
    available()[1] = suppressed ? kEventDisable : 0;
  } else {
    available()[0] = suppressed ? kAvailNoInterrupt : 0;
  }
}

}  // namespace devstate::virtqueue
