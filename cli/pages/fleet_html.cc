// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pages/fleet_html.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/fleet_text.h"
#include "cli/pages/page.h"

namespace devstate {

std::string GroupHeading(const FleetGroupReport& group) {
  return absl::StrCat("group ", group.group(), ", ",
                      GroupedDigits(static_cast<uint64_t>(group.hosts_size())),
                      group.hosts_size() == 1 ? " host" : " hosts");
}

std::string GroupFacts(const FleetGroupReport& group) {
  return absl::StrCat("<p>", Escaped(GroupFactsText(group)),
                      "</p>\n<details><summary>hosts</summary><div>",
                      Escaped(absl::StrJoin(group.hosts(), ", ")),
                      "</div></details>\n");
}

std::string UnreadableHtml(
    const google::protobuf::RepeatedPtrField<UnreadableManifest>& unreadable) {
  if (unreadable.empty()) return "";
  std::string html =
      absl::StrCat("<h2>", unreadable.size(), " unreadable</h2>\n<ul>\n");
  for (const UnreadableManifest& manifest : unreadable) {
    absl::StrAppend(&html, "<li>", Code(manifest.file()), ": ",
                    Escaped(manifest.error()), "</li>\n");
  }
  return absl::StrCat(html, "</ul>\n");
}

}  // namespace devstate
