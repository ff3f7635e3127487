// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_BALLOON_CHECK_BALLOON_H_
#define DEVSTATE_DEVICES_BALLOON_CHECK_BALLOON_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.balloon.v1.
const DeviceType& BalloonType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_BALLOON_CHECK_BALLOON_H_
