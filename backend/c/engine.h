// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_C_ENGINE_H_
#define DEVSTATE_BACKEND_C_ENGINE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "devstate/devstate.h"
#include "devstate/transport/vhost_user/device_state_engine.h"
#include "devstate/transport/vhost_user/device_state_handler.h"
#include "devstate/transport/vhost_user/started_rings.h"

namespace devstate {
class StateTransfer;
}

// An engine and the device that it moves the state of.
struct devstate_engine {
  std::unique_ptr<devstate::vhost_user::DeviceStateHandler> handler;
  // Second, so that its worker is joined before the handler goes.
  std::unique_ptr<devstate::vhost_user::DeviceStateEngine> engine;
  // `handler` if the state is one of records, or null.
  devstate::StateTransfer* records = nullptr;
  // Of the requests that devstate_engine_request() saw.
  devstate::vhost_user::StartedRings rings = {};
};

namespace devstate::c {

// Returns a new engine, which the caller owns. Null, with the thread's error
// set, if the options are wrong or nothing is left to make it of.
devstate_engine* MakeEngine(
    std::unique_ptr<vhost_user::DeviceStateHandler> handler, void* device,
    const devstate_engine_options* options);

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_ENGINE_H_
