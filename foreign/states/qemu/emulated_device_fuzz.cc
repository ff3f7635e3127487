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

// Takes the last bytes for what QEMU sends before guest memory, and those
// before them for what comes after the field. The last byte of each says how
// many there are, in units of 16.
qemu::SavedDevice SavedParts(absl::string_view bytes) {
  const auto take = [&bytes](bool* some) {
    const size_t wanted =
        bytes.empty() ? 0 : 16 * size_t{static_cast<uint8_t>(bytes.back())};
    *some = wanted != 0 && wanted < bytes.size();
    if (!*some) return absl::string_view();
    const absl::string_view part = bytes.substr(bytes.size() - wanted);
    bytes.remove_suffix(wanted);
    return part;
  };
  bool some;
  qemu::SavedDevice saved;
  const absl::string_view early = take(&some);
  if (some) saved.early.emplace(early);
  saved.rest = std::string(take(&some));
  saved.virtio = std::string(bytes);
  return saved;
}

void Run(const std::string& bytes) {
  const qemu::SavedDevice saved = SavedParts(bytes);
  for (const qemu::EmulatedType* type : qemu::EmulatedTypes()) {
    testing::StringSink stream;
    const absl::StatusOr<ForeignReport> report =
        qemu::ImportDevice(*type, saved, WriterOptions(), &stream);
    if (!report.ok() || report->refused()) {
      Require(stream.written.empty());
      continue;
    }
    if (type->write == nullptr) continue;
    testing::StringSource source(stream.written);
    Require(qemu::ExportDevice(*type, saved.virtio, &source).ok());
  }
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
