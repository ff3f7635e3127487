// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Findings about what cannot be carried between QEMU and a portable state.

#ifndef DEVSTATE_FOREIGN_STATES_QEMU_REFUSALS_H_
#define DEVSTATE_FOREIGN_STATES_QEMU_REFUSALS_H_

#include <cstdint>

#include "absl/strings/str_format.h"
#include "devstate/foreign/device_findings.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/states/qemu/virtio_state.h"

namespace devstate::qemu {

// Refuses a device of which no state can be made, whatever its type.
inline void AddObstacle(const VirtioState& state, FindingList* findings) {
  const std::string obstacle = state.Obstacle();
  if (!obstacle.empty()) AddRefusal(findings, "", obstacle);
}

// Refuses a state whose driver has negotiated other features than that in the
// file: what the driver knows of the device depends on them.
inline void CheckSameFeatures(const VirtioState& file, uint64_t features,
                              FindingList* findings) {
  if (file.Features() == features) return;
  AddRefusal(findings, "acked_features",
             absl::StrFormat("0x%x, and the driver in the file has negotiated "
                             "0x%x: take a file of the same guest",
                             features, file.Features()));
}

}  // namespace devstate::qemu

#endif  // DEVSTATE_FOREIGN_STATES_QEMU_REFUSALS_H_
