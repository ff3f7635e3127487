// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Findings about what cannot be carried between QEMU and a portable state.

#ifndef DEVSTATE_FOREIGN_STATES_QEMU_REFUSALS_H_
#define DEVSTATE_FOREIGN_STATES_QEMU_REFUSALS_H_

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/rules.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/states/qemu/virtio_state.h"

namespace devstate::qemu {

// Adds a finding that refuses. The text is what `parts` make.
template <typename... Parts>
void AddRefusal(FindingList* findings, absl::string_view path,
                const Parts&... parts) {
  findings->Add(VERDICT_LEVEL_REFUSED, rules::kForeignDevice, path,
                absl::nullopt, absl::StrCat(parts...));
}

// Adds a finding about something that is left behind and that guest and device
// can do without.
template <typename... Parts>
void AddLoss(FindingList* findings, absl::string_view path,
             const Parts&... parts) {
  findings->Add(VERDICT_LEVEL_LOSSY, rules::kForeignDropped, path,
                absl::nullopt, absl::StrCat(parts...));
}

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
