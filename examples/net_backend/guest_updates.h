// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a guest does with a device, in place of a data plane.

#ifndef DEVSTATE_EXAMPLES_NET_BACKEND_GUEST_UPDATES_H_
#define DEVSTATE_EXAMPLES_NET_BACKEND_GUEST_UPDATES_H_

#include <cstdint>
#include <optional>

#include "devstate/devices/net/net_model.h"

namespace devstate::net::examples {

// The ring that an update has moved on, by its place in the model, and the
// request that it has answered. The settings may have changed, too.
struct ModelChange {
  std::optional<size_t> ring;
  std::optional<Request> answered;
};

// Lets the guest send or receive a frame, change a setting, or get an answer,
// as the number of the update says. The model stays one that CheckModel()
// takes. Requires: CheckModel() takes it, and it has rings.
ModelChange UpdateAsGuest(uint64_t update, NetModel* model);

}  // namespace devstate::net::examples

#endif  // DEVSTATE_EXAMPLES_NET_BACKEND_GUEST_UPDATES_H_
