// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/finding_groups.h"

#include <map>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace devstate {
namespace {

// The most members of a group that are named.
constexpr size_t kNamed = 3;

// "inode" and "7" of "inode 7 at offset 0x2c".
struct RecordPath {
  absl::string_view kind;
  absl::string_view number;
};

bool ParseRecordPath(absl::string_view path, RecordPath* record) {
  path = path.substr(0, path.find(" at offset "));
  const size_t space = path.rfind(' ');
  if (space == absl::string_view::npos || space == 0) return false;
  record->kind = path.substr(0, space);
  record->number = path.substr(space + 1);
  if (record->number.empty()) return false;
  for (const char c : record->number) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

std::string WithoutNumbers(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) out.push_back(c);
  }
  return out;
}

}  // namespace

std::vector<FindingGroup> GroupFindings(
    const std::vector<const Finding*>& findings) {
  // Of the rule, the level, the kind of record and the text.
  using Key = std::tuple<std::string, int, std::string, std::string>;
  std::map<Key, std::vector<const Finding*>> members;
  std::vector<const std::vector<const Finding*>*> order;
  size_t alone = 0;
  for (const Finding* finding : findings) {
    RecordPath record;
    const bool numbered =
        finding->waived().empty() && ParseRecordPath(finding->path(), &record);
    const Key key = numbered ? Key(finding->rule(), finding->level(),
                                   std::string(record.kind),
                                   WithoutNumbers(finding->text()))
                             : Key("", 0, "", absl::StrCat(alone++));
    std::vector<const Finding*>& group = members[key];
    if (group.empty()) order.push_back(&group);
    group.push_back(finding);
  }
  std::vector<FindingGroup> groups;
  for (const auto* group : order) {
    const Finding& first = *group->front();
    if (group->size() <= kNamed) {
      for (const Finding* finding : *group) {
        groups.push_back({finding, 1, finding->path(), finding->text()});
      }
      continue;
    }
    bool same_text = true;
    std::vector<std::string> numbers;
    RecordPath record;
    for (const Finding* finding : *group) {
      same_text = same_text && finding->text() == first.text();
      if (numbers.size() == kNamed) continue;
      ParseRecordPath(finding->path(), &record);
      numbers.emplace_back(record.number);
    }
    groups.push_back({&first, group->size(),
                      absl::StrCat(group->size(), " ", record.kind, "s (",
                                   absl::StrJoin(numbers, ", "), ", …)"),
                      same_text
                          ? first.text()
                          : absl::StrCat("the first of them: ", first.text())});
  }
  return groups;
}

}  // namespace devstate
