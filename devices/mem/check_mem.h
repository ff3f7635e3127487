// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_MEM_CHECK_MEM_H_
#define DEVSTATE_DEVICES_MEM_CHECK_MEM_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.mem.v1.
const DeviceType& MemType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_MEM_CHECK_MEM_H_
