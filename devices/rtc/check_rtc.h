// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_RTC_CHECK_RTC_H_
#define DEVSTATE_DEVICES_RTC_CHECK_RTC_H_

#include "devstate/devices/rules/device_type.h"

namespace devstate {

// The device type of devices.rtc.v1.
const DeviceType& RtcType();

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_RTC_CHECK_RTC_H_
