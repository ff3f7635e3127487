// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a migration file: nothing outside of them is read, and what is
// found can be replaced by itself.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/foreign/containers/qemu/test_qemu_file.h"
#include "devstate/serializer/test_streams.h"

namespace devstate {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

std::string Injected(QemuFile& file, const BackendState& state,
                     std::string replacement) {
  testing::StringSource source(std::move(replacement));
  testing::StringSink sink;
  Require(file.Inject(state, source, sink).ok());
  return std::move(sink.written);
}

void Run(const std::string& bytes) {
  absl::StatusOr<std::unique_ptr<QemuFile>> file = testing::OpenBytes(bytes);
  if (!file.ok()) return;
  for (size_t i = 0; i < (*file)->states().size(); ++i) {
    const BackendState& state = (*file)->states()[i];
    const std::string content = testing::Drain(**file, state);
    Require(content.size() == state.bytes);
    Require(Injected(**file, state, content) == bytes);
    // A virtio-net device's state may hold, by an attacker's wish, what makes
    // its place uncertain; a state without such bytes is found again.
    const absl::StatusOr<std::unique_ptr<QemuFile>> other = testing::OpenBytes(
        Injected(**file, state, std::string(state.bytes + 70000, 'n')));
    if (state.field.place == StateField::Place::kInside && !other.ok()) {
      continue;
    }
    Require(other.ok());
    Require((*other)->states().size() == (*file)->states().size());
    Require((*other)->states()[i].bytes == state.bytes + 70000);
  }
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
