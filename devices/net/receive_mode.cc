// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/net/receive_mode.h"

#include "devstate/devices/net/net_features.h"

namespace devstate::net {

using ::devices::net::v1::NetState;
using ::devices::net::v1::ReceiveMode;

std::optional<ReceiveMode> ReceiveModeOf(const NetState& state) {
  // A mode without the feature breaks a rule of every type.
  if (state.has_receive_mode()) return state.receive_mode();
  if ((state.acked_features() & kNetCtrlRx) == 0) return std::nullopt;
  if (!state.promisc_after_reset()) return std::nullopt;
  ReceiveMode mode;
  mode.set_promisc(true);
  return mode;
}

}  // namespace devstate::net
