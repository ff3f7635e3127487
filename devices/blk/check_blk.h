// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_BLK_CHECK_BLK_H_
#define DEVSTATE_DEVICES_BLK_CHECK_BLK_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.blk.v1.
const DeviceType& BlkType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_BLK_CHECK_BLK_H_
