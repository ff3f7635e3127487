// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pages/diff_page.h"

#include "absl/strings/str_cat.h"
#include "cli/pages/page.h"

namespace devstate {
namespace {

// The verdict whose colour stands for a change.
absl::string_view ColourOf(const DiffChange& change) {
  return change.change() == "added"     ? "compatible"
         : change.change() == "removed" ? "refused"
                                        : "conditional";
}

absl::string_view MarkOf(const DiffChange& change) {
  return change.change() == "added"     ? "+"
         : change.change() == "removed" ? "−"
                                        : "~";
}

std::string ValueHtml(bool present, const std::string& value) {
  return present ? Code(value) : "<span class=\"quiet\">absent</span>";
}

std::string RowHtml(const DiffChange& change) {
  std::string html = absl::StrCat(
      "<tr><td><span class=\"badge ", ColourOf(change),
      "\"><span class=\"mark\">", MarkOf(change), "</span> ",
      Escaped(change.change()), "</span></td><td class=\"name\">",
      Code(absl::StrCat(
          change.record(),
          change.record().empty() || change.path().empty() ? "" : ".",
          change.path())),
      "</td>");
  if (change.path().empty()) {
    return absl::StrCat(html, "<td></td><td></td></tr>\n");
  }
  return absl::StrCat(html, "<td class=\"name\">",
                      ValueHtml(change.has_before(), change.before()),
                      "</td><td class=\"name\">",
                      ValueHtml(change.has_after(), change.after()),
                      "</td></tr>\n");
}

}  // namespace

std::string DiffPage(const std::string& a, const std::string& b,
                     const DiffReport& report) {
  std::string body = absl::StrCat("<p>From ", Code(a), " to ", Code(b), ": ",
                                  report.differ() ? "" : "the same.</p>\n");
  if (report.differ()) {
    absl::StrAppend(&body, GroupedDigits(report.added()), " records added, ",
                    GroupedDigits(report.removed()), " removed, ",
                    GroupedDigits(report.changed()), " changed.</p>\n");
    if (report.incomplete()) {
      absl::StrAppend(&body, "<p>Not all are shown: --limit shows more.</p>\n");
    }
    absl::StrAppend(
        &body,
        "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\"></th>"
        "<th scope=\"col\">what</th><th scope=\"col\">before</th>"
        "<th scope=\"col\">after</th></tr></thead>\n<tbody>\n");
    for (const DiffChange& change : report.changes()) {
      absl::StrAppend(&body, RowHtml(change));
    }
    absl::StrAppend(&body, "</tbody></table></div>\n");
  }
  return PageOf("What differs between two states", body);
}

}  // namespace devstate
