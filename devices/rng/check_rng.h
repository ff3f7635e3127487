// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_RNG_CHECK_RNG_H_
#define DEVSTATE_DEVICES_RNG_CHECK_RNG_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.rng.v1.
const DeviceType& RngType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_RNG_CHECK_RNG_H_
