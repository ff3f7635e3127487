// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_SND_CHECK_SND_H_
#define DEVSTATE_DEVICES_SND_CHECK_SND_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.snd.v1.
const DeviceType& SndType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_SND_CHECK_SND_H_
