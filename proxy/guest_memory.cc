// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/guest_memory.h"

#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/vhost_user/payloads.h"

namespace devstate::proxy {
namespace {

// In a used ring: flags, index.
constexpr uint64_t kIndex = 2;

}  // namespace

absl::StatusOr<uint16_t> UsedIndex(const DeviceSetup& setup, const Ring& ring) {
  if (ring.address.empty()) {
    return absl::FailedPreconditionError("a started ring has no address");
  }
  const uint64_t address =
      vhost_user::ReadRingAddress(ring.address).used + kIndex;
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
    return got < 0 ? ErrnoStatus(errno, "used ring")
                   : absl::FailedPreconditionError(
                         "used ring: beyond the end of guest memory");
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "used ring: 0x", absl::Hex(address), " is in no region of guest memory"));
}

}  // namespace devstate::proxy
