// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Findings about what cannot be carried between another program's state of a
// device and a portable one.

#ifndef DEVSTATE_FOREIGN_DEVICE_FINDINGS_H_
#define DEVSTATE_FOREIGN_DEVICE_FINDINGS_H_

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/compat/rules.h"
#include "devstate/foreign/finding_list.h"

namespace devstate {

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

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_DEVICE_FINDINGS_H_
