// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_NET_CHECK_NET_H_
#define DEVSTATE_DEVICES_NET_CHECK_NET_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.net.v1.
const DeviceType& NetType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_NET_CHECK_NET_H_
