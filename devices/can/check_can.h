// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_CAN_CHECK_CAN_H_
#define DEVSTATE_DEVICES_CAN_CHECK_CAN_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.can.v1.
const DeviceType& CanType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_CAN_CHECK_CAN_H_
