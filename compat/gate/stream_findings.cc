// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/gate/stream_findings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace devstate {

void StreamFindings::Add(absl::string_view rule, VerdictLevel level,
                         absl::string_view path, std::string written,
                         std::string read, std::string text, uint64_t count) {
  level_ = std::max(level_, level);
  const auto key = std::make_pair(std::string(path), std::string(rule));
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= kMaxFindings) return;
    found = entries_.emplace(key, Entry()).first;
    Entry& entry = found->second;
    entry.finding.set_rule(key.second);
    entry.finding.set_path(key.first);
    entry.finding.set_old(std::move(written));
    entry.finding.set_new_(std::move(read));
    entry.finding.set_text(std::move(text));
    entry.finding.set_level(level);
    if (!field_.empty()) entry.place = absl::StrCat(field_, "[", index_, "]");
  }
  found->second.count += count;
}

void StreamFindings::AddDropped(absl::string_view path, std::string written,
                                uint64_t count) {
  Add("ignorable-dropped", LOSSY, path, std::move(written), "",
      "the reader does not know the field and drops it, as the writer's schema "
      "allows",
      count);
}

void StreamFindings::Add(const Finding& finding) {
  field_ = {};
  Add(finding.rule(), finding.level(), finding.path(), finding.old(),
      finding.new_(), finding.text());
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
