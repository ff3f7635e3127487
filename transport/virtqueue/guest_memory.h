// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The memory that a guest shares with a back-end, mapped.

#ifndef DEVSTATE_TRANSPORT_VIRTQUEUE_GUEST_MEMORY_H_
#define DEVSTATE_TRANSPORT_VIRTQUEUE_GUEST_MEMORY_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/vhost_user/payloads.h"

namespace devstate::virtqueue {

// The regions of a guest. A copy is cheap and keeps the same mappings: whoever
// uses guest memory holds one, and regions that are removed meanwhile stay
// mapped for it.
//
// The contents are the guest's, which changes them at any time: whatever is
// judged must be copied first. A front-end that truncates the file of a region
// ends the process with SIGBUS, as it does every vhost-user back-end.
//
// Thread-safety: as a value.
class GuestMemory {
 public:
  // Maps `region`. INVALID_ARGUMENT if it is empty, overflows, or overlaps one
  // that is there; an error of mmap() otherwise.
  absl::Status Add(const vhost_user::MemoryRegion& region);
  // Removes the region with the same guest address, user address and size.
  // NOT_FOUND if there is none.
  absl::Status Remove(const vhost_user::MemoryRegion& region);

  // Return the `size` bytes at an address, which lie in one region.
  // INVALID_ARGUMENT if they do not. Requires: `size` is not 0.
  absl::StatusOr<char*> AtGuest(uint64_t address, uint64_t size) const;
  // For addresses of the kind that SET_VRING_ADDR has.
  absl::StatusOr<char*> AtUser(uint64_t address, uint64_t size) const;

 private:
  class Mapping;
  std::vector<std::shared_ptr<const Mapping>> mappings_;
};

}  // namespace devstate::virtqueue

#endif  // DEVSTATE_TRANSPORT_VIRTQUEUE_GUEST_MEMORY_H_
