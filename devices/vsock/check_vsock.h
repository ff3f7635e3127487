// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_VSOCK_CHECK_VSOCK_H_
#define DEVSTATE_DEVICES_VSOCK_CHECK_VSOCK_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.vsock.v1.
const DeviceType& VsockType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_VSOCK_CHECK_VSOCK_H_
