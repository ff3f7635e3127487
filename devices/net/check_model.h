// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_NET_CHECK_MODEL_H_
#define DEVSTATE_DEVICES_NET_CHECK_MODEL_H_

#include "absl/status/status.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/devices/net/net_model.h"

namespace devstate::net {

// Checks that a device with `abilities` could have come into the state `model`:
// features and what depends on them, filters, queues. Safe on any model.
//
// Errors: INVALID_ARGUMENT (no device could), FAILED_PRECONDITION (this one
// offers too little). One line, on the first rule that is broken. Default: the
// abilities of the example device.
absl::Status CheckModel(const NetModel& model,
                        const NetAbilities& abilities = kExampleDevice);

}  // namespace devstate::net

#endif  // DEVSTATE_DEVICES_NET_CHECK_MODEL_H_
