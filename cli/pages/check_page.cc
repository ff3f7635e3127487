// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pages/check_page.h"

#include "absl/strings/str_cat.h"
#include "cli/pages/findings_html.h"
#include "cli/pages/fleet_html.h"
#include "cli/pages/page.h"

namespace devstate {
namespace {

constexpr char kTitle[] = "May the state be loaded?";

std::string GroupHtml(const FleetCheck& check) {
  // Of a group that is in nobody's way, the summary is enough.
  bool accepted = true;
  if (check.has_migrates()) accepted = check.migrates();
  if (check.has_comes_back()) accepted = accepted && check.comes_back();
  std::string html = absl::StrCat("<h2>", GroupHeading(check.group()), ": ",
                                  accepted ? "accepted" : "not accepted",
                                  "</h2>\n", GroupFacts(check.group()));
  int next = 0;
  const auto add = [&](absl::string_view what) {
    const DirectionReport& direction = check.directions(next++);
    absl::StrAppend(&html, "<details", accepted ? "" : " open=\"open\"",
                    "><summary>", what, ", ", DirectionSummary(direction),
                    "</summary><div>\n", DirectionHtml(direction),
                    "</div></details>\n");
  };
  if (check.has_migrates()) add("migration");
  if (check.has_comes_back()) add("way back");
  return html;
}

}  // namespace

std::string CheckPage(const std::string& subject, const CheckReport& report) {
  std::string body = absl::StrCat("<p>", Escaped(subject), "</p>\n");
  for (const DirectionReport& direction : report.directions()) {
    absl::StrAppend(&body, "<h2>", DirectionSummary(direction), "</h2>\n",
                    DirectionHtml(direction));
  }
  return PageOf(kTitle, body);
}

std::string FleetCheckPage(const std::string& subject,
                           const FleetCheckReport& report) {
  std::string body = absl::StrCat(
      "<p>", Escaped(subject), "</p>\n<p>", GroupedDigits(report.hosts()),
      " hosts in ", report.groups_size(),
      " groups: ", GroupedDigits(report.accepted()), " accepted, ",
      GroupedDigits(report.hosts() - report.accepted()), " not.</p>\n");
  for (const FleetCheck& check : report.groups()) {
    absl::StrAppend(&body, GroupHtml(check));
  }
  if (report.other_devices() != 0) {
    absl::StrAppend(&body, "<p>", report.other_devices(),
                    " manifests of other devices.</p>\n");
  }
  absl::StrAppend(&body, UnreadableHtml(report.unreadable()));
  return PageOf(kTitle, body);
}

}  // namespace devstate
