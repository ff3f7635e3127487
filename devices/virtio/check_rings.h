// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_VIRTIO_CHECK_RINGS_H_
#define DEVSTATE_DEVICES_VIRTIO_CHECK_RINGS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/ring_model.h"

namespace devstate::virtio {

inline constexpr int kRingEventIdxBit = 29;
inline constexpr int kRingPackedBit = 34;

// What a device does with the buffers of a queue before it answers them.
struct QueueUse {
  // They are requests, which a destination submits again.
  bool requests = true;
  // They wait for an event of the device.
  bool events = false;
};

// What the rings of a device must fit.
struct RingTraits {
  uint64_t acked_features = 0;
  // The number of queues that the device has.
  uint32_t queues = 0;
  // Called with numbers below `queues`.
  std::function<QueueUse(uint32_t queue)> use;
};

// Checks rings, requests in flight and parked buffers. Positions must be within
// the rings, requests must be of rings that exist and take them, and there must
// be exactly as many as the positions say. Safe on anything.
void CheckRings(const RingTraits& traits, const std::vector<Ring>& rings,
                const std::vector<Request>& inflight,
                const std::vector<Request>& parked, BrokenRules* broken);

// The rules of CheckRings().
const std::vector<const DeviceRule*>& RingRules();

}  // namespace devstate::virtio

namespace devstate::rules {

// A ring has no layout, or another one than was negotiated.
extern const DeviceRule kRingLayout;

}  // namespace devstate::rules

#endif  // DEVSTATE_DEVICES_VIRTIO_CHECK_RINGS_H_
