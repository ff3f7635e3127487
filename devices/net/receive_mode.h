// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_NET_RECEIVE_MODE_H_
#define DEVSTATE_DEVICES_NET_RECEIVE_MODE_H_

#include <optional>

#include "devices/net/v1/net.pb.h"

namespace devstate::net {

// Returns which frames the device of `state` receives: what the state has, or
// what it says an absent mode to be. nullopt if VIRTIO_NET_F_CTRL_RX was not
// negotiated, so that there is no mode, or if the state says neither, which
// breaks the rule net-receive-mode.
std::optional<::devices::net::v1::ReceiveMode> ReceiveModeOf(
    const ::devices::net::v1::NetState& state);

}  // namespace devstate::net

#endif  // DEVSTATE_DEVICES_NET_RECEIVE_MODE_H_
