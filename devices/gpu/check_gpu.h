// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_GPU_CHECK_GPU_H_
#define DEVSTATE_DEVICES_GPU_CHECK_GPU_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.gpu.v1.
const DeviceType& GpuType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_GPU_CHECK_GPU_H_
