// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_VIRTIO_CHECK_RATE_LIMITER_H_
#define DEVSTATE_DEVICES_VIRTIO_CHECK_RATE_LIMITER_H_

#include <vector>

#include "devices/virtio/v1/rate_limiter.pb.h"
#include "devstate/devices/rules/broken_rules.h"

namespace devstate::virtio {

// Checks the root's field `rate_limiter`: no bucket has more than it holds.
void CheckRateLimiter(const ::devices::virtio::v1::RateLimiter& limiter,
                      BrokenRules* broken);

// The rules of CheckRateLimiter().
const std::vector<const DeviceRule*>& RateLimiterRules();

}  // namespace devstate::virtio

#endif  // DEVSTATE_DEVICES_VIRTIO_CHECK_RATE_LIMITER_H_
