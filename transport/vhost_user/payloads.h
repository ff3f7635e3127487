// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The payloads of several numbers that more than one part reads. Source of the
// layouts: QEMU's docs/interop/vhost-user.rst. Pure: no I/O. All functions are
// thread-safe.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_PAYLOADS_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_PAYLOADS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

// One region of guest memory ("Memory region description"). Sizes, offsets and
// addresses in bytes.
struct MemoryRegion {
  uint64_t guest_address = 0;
  uint64_t size = 0;
  // The address by which SET_VRING_ADDR names the region's bytes.
  uint64_t user_address = 0;
  // The place of the region's first byte in the file.
  uint64_t mmap_offset = 0;
  FileDescriptor fd;
};

// Returns the regions of SET_MEM_TABLE or ADD_MEM_REG with the descriptors,
// which it takes from the message. Requires: AdmitRequest() admits `request`.
std::vector<MemoryRegion> TakeMemoryRegions(Message& request);
// Returns the region of REM_MEM_REG, without a descriptor. Requires: as above.
MemoryRegion ReadMemoryRegion(const Message& request);
// Appends the four numbers of `region`.
void AppendMemoryRegion(const MemoryRegion& region, std::string* payload);

// Where a ring lies ("Vring address description").
struct RingAddress {
  uint32_t ring = 0;
  uint32_t flags = 0;
  // User addresses (MemoryRegion). A packed ring has its descriptor ring, the
  // device's event suppression and the driver's in these places.
  uint64_t descriptors = 0;
  uint64_t used = 0;
  uint64_t available = 0;
  uint64_t log = 0;  // a guest address
};

// Reads the payload of SET_VRING_ADDR. Requires: it has 40 bytes.
RingAddress ReadRingAddress(absl::string_view payload);

// The memory of requests in flight ("Inflight description"). A size of 0 says
// that there is none.
struct InflightDescription {
  uint64_t mmap_size = 0;
  uint64_t mmap_offset = 0;
  uint16_t num_queues = 0;
  uint16_t queue_size = 0;
};

struct InflightMemory {
  InflightDescription description;
  FileDescriptor fd;  // empty if the description's size is 0
};

// The text has 20 bytes. Every implementation sends the C struct, which has 4
// bytes more at its end, and libvhost-user takes no other size.
inline constexpr size_t kInflightDescriptionSize = 24;

// Returns the payload of {GET,SET}_INFLIGHT_FD, of 24 bytes.
std::string InflightPayload(const InflightDescription& description);
// Reads such a payload. Requires: it has 20 bytes at least.
InflightDescription ReadInflightDescription(absl::string_view payload);

// The answer to DEVICE_STATE_ROUND.
struct RoundReply {
  uint64_t error = 0;  // 0: the round is in the channel, or was loaded
  // Of a save: the bytes in the channel so far, and about how many another
  // round would have now, which VFIO calls dirty_bytes.
  uint64_t bytes = 0;
  uint64_t dirty_bytes = 0;
};

std::string RoundReplyPayload(const RoundReply& reply);
// Reads such a payload. Requires: it has kRoundReplySize bytes.
RoundReply ReadRoundReply(absl::string_view payload);

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_PAYLOADS_H_
