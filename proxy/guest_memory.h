// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_GUEST_MEMORY_H_
#define DEVSTATE_PROXY_GUEST_MEMORY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "devstate/proxy/device_setup.h"

namespace devstate::proxy {

// Return an index in guest memory of a started split ring. They read through
// the descriptor of its region: memory that the front-end took away is an error
// and no signal.
//
// Errors: FAILED_PRECONDITION (the ring has no address, or none in a region).
//
// Up to it requests are done, as the device last wrote it.
absl::StatusOr<uint16_t> UsedIndex(const DeviceSetup& setup, const Ring& ring);
// Up to it there are requests, as the driver last wrote it.
absl::StatusOr<uint16_t> AvailableIndex(const DeviceSetup& setup,
                                        const Ring& ring);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_GUEST_MEMORY_H_
