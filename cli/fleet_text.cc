// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/fleet_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace devstate {
namespace {

constexpr size_t kShown = 3;

std::string FirstOf(const std::vector<std::string>& words) {
  const size_t shown = std::min(words.size(), kShown);
  return absl::StrCat(
      absl::StrJoin(words.begin(), words.begin() + static_cast<long>(shown),
                    ", "),
      shown < words.size() ? ", …" : "");
}

std::string VersionsText(
    const google::protobuf::RepeatedField<uint32_t>& versions) {
  return versions.empty() ? "none" : absl::StrJoin(versions, ", ");
}

std::string HostsText(uint32_t hosts) {
  return absl::StrCat(hosts, hosts == 1 ? " host" : " hosts");
}

// The most frequent first.
std::string ImplementationsText(const FleetGroupReport& group) {
  std::vector<FleetImplementation> all(group.implementations().begin(),
                                       group.implementations().end());
  std::stable_sort(
      all.begin(), all.end(),
      [](const FleetImplementation& a, const FleetImplementation& b) {
        return a.hosts() > b.hosts();
      });
  std::vector<std::string> words;
  for (const FleetImplementation& entry : all) {
    words.push_back(absl::StrCat(
        entry.implementation().name(), " ", entry.implementation().version(),
        all.size() == 1 ? ""
                        : absl::StrCat(" (", HostsText(entry.hosts()), ")")));
  }
  return FirstOf(words);
}

}  // namespace

std::string GroupFactsText(const FleetGroupReport& group) {
  return absl::StrCat(ImplementationsText(group), "; ", group.schema(),
                      ", saves version ", VersionsText(group.saves()),
                      ", loads ", VersionsText(group.loads()));
}

std::string GroupText(const FleetGroupReport& group) {
  return absl::StrCat("group ", group.group(), ": ",
                      HostsText(static_cast<uint32_t>(group.hosts_size())),
                      ": ",
                      FirstOf({group.hosts().begin(), group.hosts().end()}),
                      "\n  ", GroupFactsText(group), "\n");
}

std::string UnreadableText(
    const google::protobuf::RepeatedPtrField<UnreadableManifest>& unreadable) {
  if (unreadable.empty()) return "";
  std::string text = absl::StrCat(unreadable.size(), " unreadable\n");
  for (const UnreadableManifest& manifest : unreadable) {
    absl::StrAppend(&text, "  ", manifest.file(), ": ", manifest.error(), "\n");
  }
  return text;
}

}  // namespace devstate
