// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <memory>

#include "devstate/backend/device_fuzz.h"
#include "examples/net_backend/net_device.h"
#include "examples/net_backend/seeded_model.h"

namespace devstate::net::examples {
namespace {

std::unique_ptr<StateDevice<devices::net::v1::NetStateCodec>> MakeDevice() {
  return std::make_unique<NetDevice>(SeededModel(/*seed=*/7));
}

}  // namespace
}  // namespace devstate::net::examples

DEVSTATE_FUZZ_DEVICE(devices::net::v1::NetStateCodec,
                     devstate::net::examples::MakeDevice)
