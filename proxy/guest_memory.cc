// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/guest_memory.h"

#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/vhost_user/payloads.h"

namespace devstate::proxy {
namespace {

// In a ring: flags, index.
constexpr uint64_t kIndex = 2;

// Reads the index of the ring that lies at `place`.
absl::StatusOr<uint16_t> ReadIndex(const DeviceSetup& setup, const Ring& ring,
                                   uint64_t vhost_user::RingAddress::*place,
                                   absl::string_view name) {
  if (ring.address.empty()) {
    return absl::FailedPreconditionError("a started ring has no address");
  }
  const uint64_t address =
      vhost_user::ReadRingAddress(ring.address).*place + kIndex;
  for (const auto& [start, region] : setup.regions()) {
    const uint64_t offset = address - region.user_address;
    if (address < region.user_address || region.size < 2 ||
        offset > region.size - 2)
      continue;
    uint16_t index;
    const ssize_t got =
        ::pread(region.fd.get(), &index, sizeof(index),
                static_cast<off_t>(region.mmap_offset + offset));
    if (got == sizeof(index)) return index;
    return got < 0 ? ErrnoStatus(errno, name)
                   : absl::FailedPreconditionError(absl::StrCat(
                         name, ": beyond the end of guest memory"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      name, ": 0x", absl::Hex(address), " is in no region of guest memory"));
}

}  // namespace

absl::StatusOr<uint16_t> UsedIndex(const DeviceSetup& setup, const Ring& ring) {
  return ReadIndex(setup, ring, &vhost_user::RingAddress::used, "used ring");
}

absl::StatusOr<uint16_t> AvailableIndex(const DeviceSetup& setup,
                                        const Ring& ring) {
  return ReadIndex(setup, ring, &vhost_user::RingAddress::available,
                   "available ring");
}

}  // namespace devstate::proxy
