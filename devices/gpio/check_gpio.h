// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_GPIO_CHECK_GPIO_H_
#define DEVSTATE_DEVICES_GPIO_CHECK_GPIO_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.gpio.v1.
const DeviceType& GpioType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_GPIO_CHECK_GPIO_H_
