// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_NVME_CHECK_NVME_H_
#define DEVSTATE_DEVICES_NVME_CHECK_NVME_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.nvme.v1.
const DeviceType& NvmeType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_NVME_CHECK_NVME_H_
