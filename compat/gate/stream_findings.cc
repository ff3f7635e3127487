// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/stream_findings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace devstate {

StreamFindings::Entry* StreamFindings::Count(absl::string_view rule,
                                             VerdictLevel level,
                                             absl::string_view path,
                                             uint64_t count) {
  level_ = std::max(level_, level);
  const auto key = std::make_pair(std::string(path), std::string(rule));
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    found->second.count += count;
    return nullptr;
  }
  if (entries_.size() >= kMaxFindings) return nullptr;
  Entry& entry = entries_[key];
  if (!field_.empty()) entry.place = absl::StrCat(field_, "[", index_, "]");
  entry.count = count;
  return &entry;
}

void StreamFindings::Add(const Rule& rule, VerdictLevel level,
                         absl::string_view path, std::string written,
                         std::string read, std::string text, uint64_t count) {
  if (Entry* entry = Count(rule.id, level, path, count)) {
    entry->finding =
        MakeFinding(rule, level, std::string(path), std::move(written),
                    std::move(read), std::move(text));
  }
}

void StreamFindings::AddDropped(absl::string_view path, std::string written,
                                uint64_t count) {
  Add(rules::kIgnorableDropped, VERDICT_LEVEL_LOSSY, path, std::move(written),
      "",
      "the reader does not know the field and drops it, as the writer's schema "
      "allows",
      count);
}

void StreamFindings::Add(Finding finding) {
  field_ = {};
  if (Entry* entry =
          Count(finding.rule(), finding.level(), finding.path(), 1)) {
    entry->finding = std::move(finding);
  }
}

std::vector<Finding> StreamFindings::Sorted() const {
  std::vector<Finding> result;
  for (const auto& [key, entry] : entries_) {
    result.push_back(entry.finding);
    if (entry.place.empty()) continue;
    std::string text = absl::StrCat(entry.place, ": ", entry.finding.text());
    if (entry.count > 1) {
      absl::StrAppend(&text, " (", entry.count, " places in all)");
    }
    result.back().set_text(std::move(text));
  }
  return result;
}

}  // namespace devstate
