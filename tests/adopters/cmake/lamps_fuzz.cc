// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The lamps as a fuzz target.

#include <memory>

#include "devstate/backend/device_fuzz.h"
#include "lamps_device.h"

namespace {

std::unique_ptr<lamps::LampsDevice> MakeDevice() {
  return std::make_unique<lamps::LampsDevice>(
      lamps::Lamps{1, {{"hall", 40, std::nullopt}}});
}

}  // namespace

DEVSTATE_FUZZ_DEVICE(lamps::LampsStateCodec, MakeDevice)
