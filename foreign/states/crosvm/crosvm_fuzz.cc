// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as a state of crosvm. What is taken is shown as JSON.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "devstate/foreign/states/crosvm/crosvm.h"
#include "devstate/foreign/test_inputs.h"
#include "devstate/serializer/test_streams.h"
#include "nlohmann/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const devstate::ForeignFormat& format = devstate::crosvm::Format();
  const devstate::OpenSource open = devstate::testing::Opening(bytes);
  const bool taken = format.check(open).ok();
  devstate::testing::StringSink shown;
  if (format.show(open, &shown).ok() != taken) std::abort();
  if (taken != nlohmann::json::accept(shown.written)) std::abort();
  return 0;
}
