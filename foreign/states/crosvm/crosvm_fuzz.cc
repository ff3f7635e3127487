// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as a state of crosvm. What is taken is shown as JSON, and becomes a
// whole stream of any schema or nothing.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "devstate/foreign/states/crosvm/crosvm.h"
#include "devstate/foreign/test_inputs.h"
#include "devstate/serializer/test_streams.h"
#include "nlohmann/json.hpp"

namespace {

void Convert(const std::string& bytes, absl::string_view schema) {
  devstate::crosvm::DeviceImport device;
  device.schema = schema;
  devstate::testing::StringSink stream;
  const auto report =
      devstate::crosvm::ImportDevice(devstate::testing::Opening(bytes), device,
                                     devstate::WriterOptions(), &stream);
  const bool converted = report.ok() && !report->refused();
  if (converted ? !devstate::testing::IsWholeStream(stream.written)
                : !stream.written.empty()) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const devstate::ForeignFormat& format = devstate::crosvm::Format();
  const devstate::OpenSource open = devstate::testing::Opening(bytes);
  const bool taken = format.check(open).ok();
  devstate::testing::StringSink shown;
  if (format.show(open, &shown).ok() != taken) std::abort();
  if (taken != nlohmann::json::accept(shown.written)) std::abort();
  for (const absl::string_view schema : devstate::crosvm::DeviceSchemas()) {
    Convert(bytes, schema);
  }
  return 0;
}
