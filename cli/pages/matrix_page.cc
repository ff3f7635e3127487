// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pages/matrix_page.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/fleet_text.h"
#include "cli/pages/findings_html.h"
#include "cli/pages/fleet_html.h"
#include "cli/pages/page.h"
#include "devstate/compat/report_finding.h"
#include "devstate/compat/rules.h"

namespace devstate {
namespace {

constexpr size_t kShownFindings = 12;
// Beyond these, cells have room for a mark alone.
constexpr size_t kWideColumns = 10;

// The place of the findings of a cell.
std::string AnchorOf(size_t table, size_t writer, size_t reader) {
  return absl::StrCat("t", table, "-", writer, "-", reader);
}

std::string PairName(const MatrixTable& table, size_t writer, size_t reader) {
  return absl::StrCat(table.names[writer], " → ", table.names[reader]);
}

std::string CellHtml(const MatrixTable& table, size_t number, size_t writer,
                     size_t reader) {
  const MatrixVerdict& cell = table.Cell(writer, reader);
  const std::string verdict = LevelName(cell.level);
  const std::string name =
      Escaped(absl::StrCat(PairName(table, writer, reader), ": ", verdict));
  std::string content =
      absl::StrCat("<span class=\"mark\">", VerdictMark(verdict), "</span>");
  if (table.names.size() <= kWideColumns) {
    absl::StrAppend(&content, " ", verdict);
  }
  const bool link = !cell.findings.empty();
  return absl::StrCat(
      "<td class=\"", verdict, "\"><", link ? "a href=\"#" : "span",
      link ? AnchorOf(number, writer, reader) : "", link ? "\"" : "",
      " title=\"", name, "\">", content, link ? "</a>" : "</span>", "</td>");
}

std::string TableHtml(const MatrixTable& table, size_t number) {
  std::string html =
      absl::StrCat("<div class=\"wide\"><table class=\"matrix",
                   table.names.size() <= kWideColumns ? "" : " compact",
                   "\">\n<thead><tr><th>writes \\ reads</th>");
  for (const std::string& name : table.names) {
    absl::StrAppend(&html, "<th scope=\"col\">", Escaped(name), "</th>");
  }
  absl::StrAppend(&html, "</tr></thead>\n<tbody>\n");
  for (size_t writer = 0; writer < table.names.size(); ++writer) {
    absl::StrAppend(&html, "<tr><th scope=\"row\">",
                    Escaped(table.names[writer]), "</th>");
    for (size_t reader = 0; reader < table.names.size(); ++reader) {
      absl::StrAppend(&html, CellHtml(table, number, writer, reader));
    }
    absl::StrAppend(&html, "</tr>\n");
  }
  return absl::StrCat(html, "</tbody></table></div>\n");
}

// The findings by pair. A link into a closed <details> opens it.
std::string PairsHtml(const MatrixTable& table, size_t number) {
  std::string html;
  for (size_t writer = 0; writer < table.names.size(); ++writer) {
    for (size_t reader = 0; reader < table.names.size(); ++reader) {
      const MatrixVerdict& cell = table.Cell(writer, reader);
      if (cell.findings.empty()) continue;
      absl::StrAppend(
          &html, "<details><summary>", VerdictBadge(LevelName(cell.level)), " ",
          Escaped(PairName(table, writer, reader)), "</summary><div id=\"",
          AnchorOf(number, writer, reader), "\">\n<ul class=\"findings\">\n");
      const size_t shown = std::min(cell.findings.size(), kShownFindings);
      for (size_t i = 0; i < shown; ++i) {
        absl::StrAppend(&html,
                        FindingHtml(MakeReportFinding(cell.findings[i])));
      }
      absl::StrAppend(&html, "</ul>\n");
      if (shown < cell.findings.size()) {
        absl::StrAppend(&html, "<p>And ", cell.findings.size() - shown,
                        " more.</p>\n");
      }
      absl::StrAppend(&html, "</div></details>\n");
    }
  }
  if (html.empty()) return "";
  // Printed, the findings of many versions would be a book.
  return absl::StrCat(
      "<h3>Why</h3>\n<div",
      table.names.size() <= kWideColumns ? "" : " class=\"many\"", ">\n", html,
      "</div>\n");
}

std::string Legend() {
  std::string html = "<ul class=\"legend\">\n";
  for (int level = VERDICT_LEVEL_IDENTICAL; level <= VERDICT_LEVEL_REFUSED;
       ++level) {
    absl::StrAppend(&html, "<li>",
                    VerdictBadge(LevelName(static_cast<VerdictLevel>(level))),
                    "</li>\n");
  }
  return absl::StrCat(html, "</ul>\n");
}

// Leaves nothing that Markdown or the HTML within it reads as markup.
std::string MarkdownText(absl::string_view text) {
  std::string escaped;
  for (const char c : Escaped(text)) {
    if (absl::string_view("\\`*_[]|~#!").find(c) != absl::string_view::npos) {
      escaped += '\\';
    }
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::string MatrixPage(const std::vector<MatrixTable>& tables,
                       const FleetMatrixReport* fleet) {
  std::string body = absl::StrCat(
      "<p>A row writes a state, a column reads it. A cell leads to what made "
      "its verdict.</p>\n",
      Legend());
  for (size_t i = 0; i < tables.size(); ++i) {
    absl::StrAppend(&body, "<h2>", Escaped(tables[i].schema), "</h2>\n",
                    TableHtml(tables[i], i), PairsHtml(tables[i], i));
  }
  if (fleet != nullptr) {
    absl::StrAppend(&body, "<h2>Hosts</h2>\n");
    for (const FleetGroupReport& group : fleet->groups()) {
      absl::StrAppend(&body, "<h3>", GroupHeading(group), "</h3>\n",
                      GroupFacts(group));
    }
    absl::StrAppend(&body, UnreadableHtml(fleet->unreadable()));
  }
  return PageOf("Who loads whose states", body);
}

std::string MatrixMarkdown(const std::vector<MatrixTable>& tables,
                           const FleetMatrixReport* fleet) {
  std::string text;
  for (const MatrixTable& table : tables) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", "## ",
                    MarkdownText(table.schema), "\n\n| writes \\\\ reads |");
    std::string rule = "\n|---|";
    for (const std::string& name : table.names) {
      absl::StrAppend(&text, " ", MarkdownText(name), " |");
      rule += "---|";
    }
    absl::StrAppend(&text, rule, "\n");
    std::string reasons;
    for (size_t writer = 0; writer < table.names.size(); ++writer) {
      absl::StrAppend(&text, "| ", MarkdownText(table.names[writer]), " |");
      for (size_t reader = 0; reader < table.names.size(); ++reader) {
        const MatrixVerdict& cell = table.Cell(writer, reader);
        const std::string verdict = LevelName(cell.level);
        absl::StrAppend(&text, " ", MarkdownText(VerdictMark(verdict)), " ",
                        verdict, " |");
        for (size_t i = 0; i < std::min(cell.findings.size(), kShownFindings);
             ++i) {
          const Finding& finding = cell.findings[i];
          absl::StrAppend(
              &reasons, "- ", MarkdownText(PairName(table, writer, reader)),
              ", ", verdict, ": ",
              MarkdownText(finding.path().empty() ? "(root)" : finding.path()),
              " \\[", MarkdownText(finding.rule()), "\\] ",
              MarkdownText(finding.text()), "\n");
        }
        if (cell.findings.size() > kShownFindings) {
          absl::StrAppend(
              &reasons, "- ", MarkdownText(PairName(table, writer, reader)),
              ", and ", cell.findings.size() - kShownFindings, " more\n");
        }
      }
      absl::StrAppend(&text, "\n");
    }
    if (!reasons.empty()) absl::StrAppend(&text, "\n", reasons);
  }
  if (fleet == nullptr) return text;
  absl::StrAppend(&text, "\n## Hosts\n\n");
  for (const FleetGroupReport& group : fleet->groups()) {
    absl::StrAppend(&text, "- ", GroupHeading(group), ": ",
                    MarkdownText(GroupFactsText(group)), "\n");
  }
  for (const UnreadableManifest& manifest : fleet->unreadable()) {
    absl::StrAppend(&text, "- unreadable: ", MarkdownText(manifest.file()),
                    ": ", MarkdownText(manifest.error()), "\n");
  }
  return text;
}

}  // namespace devstate
