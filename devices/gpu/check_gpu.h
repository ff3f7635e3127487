// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_GPU_CHECK_GPU_H_
#define DEVSTATE_DEVICES_GPU_CHECK_GPU_H_

#include <cstdint>

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The size of a pixel of a 2D resource, of whatever format, in bytes. Lines are
// not padded.
inline constexpr uint64_t kGpuBytesPerPixel = 4;
// The width and the height of a cursor's image (VIRTIO 1.3, section 5.7.6.10).
inline constexpr uint32_t kGpuCursorSize = 64;

// The device type of devices.gpu.v1.
const DeviceType& GpuType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_GPU_CHECK_GPU_H_
