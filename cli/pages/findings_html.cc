// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pages/findings_html.h"

#include "absl/strings/str_cat.h"
#include "cli/pages/page.h"
#include "devstate/compat/rules.h"

namespace devstate {
namespace {

// Whether something is to be done about a finding.
bool WantsRemedy(const std::string& level) {
  return level == "lossy" || level == "conditional" || level == "refused" ||
         level == "damaged";
}

}  // namespace

std::string FindingHtml(const ReportFinding& finding) {
  const auto side = [](const std::string& words) {
    return words.empty() ? "nothing" : Code(words);
  };
  std::string html = absl::StrCat(
      "<li>", VerdictBadge(finding.level()), " ",
      Code(finding.path().empty() ? "(root)" : finding.path()),
      " <span class=\"quiet\">[", Escaped(finding.rule()), "]</span>");
  if (!finding.written().empty() || !finding.read().empty()) {
    absl::StrAppend(&html, "<p>", side(finding.written()), " → ",
                    side(finding.read()), "</p>");
  }
  absl::StrAppend(&html, "<p>", Escaped(finding.text()), "</p>");
  const Rule* rule = FindRule(finding.rule());
  if (rule != nullptr && WantsRemedy(finding.level())) {
    absl::StrAppend(&html, "<p class=\"quiet\">Remedy: ", Escaped(rule->remedy),
                    "</p>");
  }
  return absl::StrCat(html, "</li>\n");
}

std::string DirectionSummary(const DirectionReport& direction) {
  return absl::StrCat(
      Escaped(direction.direction()), ": ", VerdictBadge(direction.verdict()),
      direction.has_saved_as()
          ? absl::StrCat(", saves as version ", direction.saved_as(),
                         ", loads as version ", direction.loaded_as())
          : "");
}

std::string DirectionHtml(const DirectionReport& direction) {
  std::string html;
  if (direction.conditions_size() > 0) {
    absl::StrAppend(&html, "<p>Loads if all of this holds:</p>\n<ul>\n");
    for (const std::string& condition : direction.conditions()) {
      absl::StrAppend(&html, "<li>", Escaped(condition), "</li>\n");
    }
    absl::StrAppend(&html, "</ul>\n");
  }
  if (direction.findings().empty()) {
    return absl::StrCat(html, "<p class=\"quiet\">No findings.</p>\n");
  }
  absl::StrAppend(&html, "<ul class=\"findings\">\n");
  for (const ReportFinding& finding : direction.findings()) {
    absl::StrAppend(&html, FindingHtml(finding));
  }
  return absl::StrCat(html, "</ul>\n");
}

}  // namespace devstate
