// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the state of any emulated device: what converts comes back, and
// nothing outside of the bytes is read.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/serializer/test_streams.h"

namespace devstate {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Run(const std::string& bytes) {
  for (const qemu::EmulatedType* type : qemu::EmulatedTypes()) {
    testing::StringSink stream;
    const absl::StatusOr<ForeignReport> report =
        qemu::ImportDevice(*type, bytes, WriterOptions(), &stream);
    if (!report.ok() || report->refused()) {
      Require(stream.written.empty());
      continue;
    }
    if (type->write == nullptr) continue;
    testing::StringSource source(stream.written);
    Require(qemu::ExportDevice(*type, bytes, &source).ok());
  }
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
