// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_GUEST_MEMORY_H_
#define DEVSTATE_PROXY_GUEST_MEMORY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "devstate/proxy/device_setup.h"

namespace devstate::proxy {

// Returns the index in guest memory up to which the requests of a started split
// ring are done, as the device last wrote it. Reads through the descriptor of
// the region: memory that the front-end took away is an error and no signal.
//
// Errors: FAILED_PRECONDITION (the ring has no address, or none in a region).
absl::StatusOr<uint16_t> UsedIndex(const DeviceSetup& setup, const Ring& ring);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_GUEST_MEMORY_H_
