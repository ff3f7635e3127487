// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/finding_list.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/foreign/foreign_format.h"

namespace devstate {

void FindingList::Add(VerdictLevel level, const Rule& rule,
                      absl::string_view path, Offset offset,
                      absl::string_view text) {
  Add(MakeFinding(rule, level,
                  offset.has_value()
                      ? absl::StrFormat("%s at offset 0x%x", path, *offset)
                      : std::string(path),
                  "", "", std::string(text)));
}

void FindingList::Add(Finding finding) {
  const VerdictLevel level = finding.level();
  verdict_.set_level(std::max(verdict_.level(), level));
  const auto size = static_cast<size_t>(verdict_.findings_size());
  // Half of the room is for what refuses the state.
  if (size == kMaxForeignFindings ||
      (level < VERDICT_LEVEL_REFUSED && lesser_ == kMaxForeignFindings / 2)) {
    ++left_out_;
    return;
  }
  lesser_ += level < VERDICT_LEVEL_REFUSED;
  *verdict_.add_findings() = std::move(finding);
}

Verdict FindingList::Take() {
  if (left_out_ != 0) {
    *verdict_.add_findings() =
        MakeFinding(rules::kTooManyFindings, verdict_.level(), "", "", "",
                    absl::StrCat(left_out_, " more findings are left out"));
  }
  verdict_.set_level(std::max(verdict_.level(), VERDICT_LEVEL_CONVERTED));
  return std::move(verdict_);
}

}  // namespace devstate
