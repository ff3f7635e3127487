// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_CONSOLE_CHECK_CONSOLE_H_
#define DEVSTATE_DEVICES_CONSOLE_CHECK_CONSOLE_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.console.v1.
const DeviceType& ConsoleType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_CONSOLE_CHECK_CONSOLE_H_
