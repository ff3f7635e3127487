// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/rules/broken_rules.h"

namespace devstate {

absl::Status BrokenRules::ToStatus() const {
  if (empty()) return absl::OkStatus();
  const BrokenRule& first = kept_.front();
  return absl::InvalidArgumentError(absl::StrCat(
      first.path, first.path.empty() ? "" : ": ", first.text, " [", first.rule,
      "]: ", first.remedy,
      count_ > 1 ? absl::StrCat(" (", count_, " places in all)") : ""));
}

}  // namespace devstate
