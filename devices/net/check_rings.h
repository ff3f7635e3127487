// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_NET_CHECK_RINGS_H_
#define DEVSTATE_DEVICES_NET_CHECK_RINGS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "devstate/devices/net/net_model.h"

namespace devstate::net {

// Does the part of CheckModel() on rings and requests in flight. Positions must
// be within the rings, requests must be of rings that exist and answer them,
// and there must be exactly as many of them as the positions say.
// FAILED_PRECONDITION if a ring has more than `max_size` descriptors.
absl::Status CheckRings(const NetModel& model, uint32_t max_size);

// Returns the index of the control queue. Queues come as receive, transmit,
// receive, …, and the control queue is the last.
uint32_t ControlQueue(const NetModel& model);
inline bool IsReceiveQueue(uint32_t ring, const NetModel& model) {
  return ring % 2 == 0 && ring != ControlQueue(model);
}

}  // namespace devstate::net

#endif  // DEVSTATE_DEVICES_NET_CHECK_RINGS_H_
