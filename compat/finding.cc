// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/finding.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace devstate {

Finding MakeFinding(const Rule& rule, VerdictLevel level, std::string path,
                    std::string written, std::string read, std::string text,
                    std::string condition) {
  Finding finding;
  finding.set_rule(std::string(rule.id));
  finding.set_level(level);
  finding.set_path(std::move(path));
  finding.set_written(std::move(written));
  finding.set_read(std::move(read));
  finding.set_text(std::move(text));
  finding.set_condition(std::move(condition));
  return finding;
}

void SortFindings(std::vector<Finding>* findings) {
  std::stable_sort(findings->begin(), findings->end(),
                   [](const Finding& a, const Finding& b) {
                     return std::tie(a.path(), a.rule()) <
                            std::tie(b.path(), b.rule());
                   });
}

VerdictLevel WorstLevel(const std::vector<Finding>& findings) {
  VerdictLevel level = VERDICT_LEVEL_COMPATIBLE;
  for (const Finding& finding : findings) {
    if (finding.waived().empty()) level = std::max(level, finding.level());
  }
  return level;
}

}  // namespace devstate
