// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_NET_ROOT_MESSAGE_H_
#define DEVSTATE_DEVICES_NET_ROOT_MESSAGE_H_

#include "absl/status/status.h"
#include "devices/net/v1/net.pb.h"
#include "devstate/devices/net/net_model.h"

namespace devstate::net {

// Returns everything but the records, which are rings, requests and coalescing
// of single queues.
devices::net::v1::NetState ToRootMessage(const NetModel& model);

// Reads such a message into `model`. INVALID_ARGUMENT for what the model cannot
// hold: an absent configuration, or an address that has not 6 bytes.
absl::Status FromRootMessage(const devices::net::v1::NetState& root,
                             NetModel* model);

}  // namespace devstate::net

#endif  // DEVSTATE_DEVICES_NET_ROOT_MESSAGE_H_
