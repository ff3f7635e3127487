// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_EXAMPLES_NET_BACKEND_SEEDED_MODEL_H_
#define DEVSTATE_EXAMPLES_NET_BACKEND_SEEDED_MODEL_H_

#include <cstdint>

#include "devstate/devices/net/net_model.h"

namespace devstate::net::examples {

// Returns what a guest could have made of the device, the same for the same
// seed, everywhere. Passes CheckModel(). Even seeds give split rings and odd
// ones packed rings. Most settings are there in some seeds and absent in
// others.
NetModel SeededModel(uint64_t seed);

}  // namespace devstate::net::examples

#endif  // DEVSTATE_EXAMPLES_NET_BACKEND_SEEDED_MODEL_H_
