// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The region in which a back-end records the requests that it has taken and not
// completed ("Inflight I/O tracking" of the vhost-user text).
// docs/qemu_files.md has its layout.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_QEMU_INFLIGHT_REGION_H_
#define DEVSTATE_FOREIGN_CONTAINERS_QEMU_INFLIGHT_REGION_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace devstate {

// A piece of a request's memory in the guest.
struct InflightDescriptor {
  uint64_t address = 0;
  uint32_t length = 0;
  uint16_t flags = 0;
  // The id of the buffer.
  uint16_t id = 0;
};

struct InflightRequest {
  // The index of the first descriptor.
  uint16_t head = 0;
  // Requests are to be submitted again in ascending order of this.
  uint64_t counter = 0;
  // What a packed ring keeps; a split ring has the descriptors in the guest.
  std::vector<InflightDescriptor> descriptors;
};

struct InflightQueue {
  // 0 if the ring was never started.
  uint16_t version = 0;
  uint16_t used_index = 0;
  // The requests in flight, by counter.
  std::vector<InflightRequest> requests;
};

struct InflightRegion {
  bool packed = false;
  bool big_endian = false;
  std::vector<InflightQueue> queues;

  uint64_t requests() const;
};

// Parses a region of queues of `queue_size`. It does not say whether its rings
// are split or packed, nor how many there are; its size and the queues' headers
// do. A StreamError with the offset in the region for one that no back-end
// writes.
absl::StatusOr<InflightRegion> ParseInflightRegion(absl::string_view region,
                                                   uint16_t queue_size);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_QEMU_INFLIGHT_REGION_H_
