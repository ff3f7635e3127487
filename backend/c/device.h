// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_C_DEVICE_H_
#define DEVSTATE_BACKEND_C_DEVICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "devstate/backend/state_transfer.h"
#include "devstate/devstate.h"

namespace devstate::c {

// Returns what saves and loads the state of `device`. INVALID_ARGUMENT and
// others name what is wrong with the schema, the functions or the options.
absl::StatusOr<std::unique_ptr<StateTransfer>> MakeDeviceHandler(
    const devstate_schema* schema, const devstate_device_ops* ops, void* device,
    const devstate_state_options* options);

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_DEVICE_H_
