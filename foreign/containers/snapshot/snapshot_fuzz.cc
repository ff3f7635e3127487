// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as a snapshot, in both forms.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "devstate/foreign/containers/snapshot/snapshot.h"
#include "devstate/serializer/test_streams.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const devstate::SnapshotForm form :
       {devstate::SnapshotForm::kJson, devstate::SnapshotForm::kCbor}) {
    devstate::testing::StringSource source(
        std::string(reinterpret_cast<const char*>(data), size));
    const auto states = devstate::ReadSnapshot(source, form);
    if (!states.ok()) continue;
    if (states->empty()) std::abort();
    for (const devstate::SnapshotState& state : *states) {
      const auto found = devstate::FindSnapshotState(*states, state.device);
      if (!found.ok()) std::abort();
    }
  }
  return 0;
}
