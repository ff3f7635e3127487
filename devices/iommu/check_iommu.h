// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_IOMMU_CHECK_IOMMU_H_
#define DEVSTATE_DEVICES_IOMMU_CHECK_IOMMU_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.iommu.v1.
const DeviceType& IommuType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_IOMMU_CHECK_IOMMU_H_
