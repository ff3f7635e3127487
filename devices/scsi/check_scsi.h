// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_SCSI_CHECK_SCSI_H_
#define DEVSTATE_DEVICES_SCSI_CHECK_SCSI_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.scsi.v1.
const DeviceType& ScsiType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_SCSI_CHECK_SCSI_H_
