// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_INPUT_CHECK_INPUT_H_
#define DEVSTATE_DEVICES_INPUT_CHECK_INPUT_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.input.v1.
const DeviceType& InputType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_INPUT_CHECK_INPUT_H_
