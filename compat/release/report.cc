// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each report has three forms of the same findings. The text of a check takes
// its words and conditions from the report that JSON prints, so that neither
// says more than the other.

#include "devstate/compat/release/report.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "devstate/compat/finding_groups.h"
#include "devstate/compat/release/report_text.h"
#include "devstate/compat/report_finding.h"
#include "devstate/compat/rules.h"

namespace devstate {
namespace {

std::string Unpainted(absl::string_view word, VerdictLevel /*level*/) {
  return std::string(word);
}

JunitCase::Result ResultOf(bool failed) {
  return failed ? JunitCase::Result::kFailed : JunitCase::Result::kPassed;
}

bool Counts(const Finding& finding, const std::set<VerdictLevel>& accepted) {
  return finding.waived().empty() &&
         finding.level() > VERDICT_LEVEL_CONVERTED &&
         accepted.count(finding.level()) == 0;
}

std::string FindingText(const Finding& finding) {
  return finding.waived().empty()
             ? finding.text()
             : absl::StrCat(finding.text(), " (", finding.waived(), ")");
}

CheckReport ReportOf(const std::vector<DirectionVerdict>& verdicts) {
  CheckReport report;
  for (const DirectionVerdict& verdict : verdicts) {
    DirectionReport& direction = *report.add_directions();
    direction.set_direction(std::string(DirectionName(verdict.direction)));
    direction.set_verdict(LevelName(verdict.level));
    if (verdict.saved_as) direction.set_saved_as(*verdict.saved_as);
    if (verdict.loaded_as) direction.set_loaded_as(*verdict.loaded_as);
    for (const Finding& finding : verdict.findings) {
      ReportFinding& entry = *direction.add_findings();
      entry = MakeReportFinding(finding);
      entry.set_text(FindingText(finding));
      if (finding.level() == VERDICT_LEVEL_CONDITIONAL &&
          finding.waived().empty()) {
        direction.add_conditions(
            finding.path().empty()
                ? finding.condition()
                : absl::StrCat(finding.path(), ": ", finding.condition()));
      }
    }
  }
  return report;
}

std::string CheckText(const std::vector<DirectionVerdict>& verdicts,
                      const VerdictPainter& paint) {
  const CheckReport report = ReportOf(verdicts);
  std::string text;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    const DirectionReport& direction = report.directions(static_cast<int>(i));
    absl::StrAppend(&text, direction.direction(), ": ",
                    paint(direction.verdict(), verdicts[i].level));
    if (direction.has_saved_as()) {
      absl::StrAppend(&text, ", saves as version ", direction.saved_as(),
                      ", loads as version ", direction.loaded_as());
    }
    absl::StrAppend(&text, "\n");
    std::vector<const Finding*> findings;
    for (const Finding& finding : verdicts[i].findings) {
      findings.push_back(&finding);
    }
    for (const FindingGroup& group : GroupFindings(findings)) {
      const Finding& finding = *group.first;
      absl::StrAppendFormat(
          &text, "  %s %s [%s] ",
          paint(absl::StrFormat("%-11s", LevelName(finding.level())),
                finding.level()),
          group.path.empty() ? "(root)" : group.path, finding.rule());
      if (!finding.written().empty() || !finding.read().empty()) {
        absl::StrAppend(
            &text, finding.written().empty() ? "nothing" : finding.written(),
            " -> ", finding.read().empty() ? "nothing" : finding.read(), ": ");
      }
      absl::StrAppend(
          &text, group.count > 1 ? group.text : FindingText(finding), "\n");
    }
    if (direction.conditions_size() > 0) {
      absl::StrAppend(&text, "  loads iff\n");
      for (const std::string& condition : direction.conditions()) {
        absl::StrAppend(&text, "    ", condition, "\n");
      }
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<ReportFormat> ParseReportFormat(absl::string_view text) {
  if (text == "text") return ReportFormat::kText;
  if (text == "json") return ReportFormat::kJson;
  if (text == "junit") return ReportFormat::kJunit;
  return absl::InvalidArgumentError(
      absl::StrCat("no format \"", text, "\": use text, json or junit"));
}

VerdictLevel WorstUnaccepted(const DirectionVerdict& verdict,
                             const std::set<VerdictLevel>& accepted) {
  VerdictLevel worst = VERDICT_LEVEL_IDENTICAL;
  for (const Finding& finding : verdict.findings) {
    if (Counts(finding, accepted)) worst = std::max(worst, finding.level());
  }
  return worst;
}

std::string RenderCheck(const std::vector<DirectionVerdict>& verdicts,
                        const std::set<VerdictLevel>& accepted,
                        ReportFormat format, const VerdictPainter& paint) {
  if (format == ReportFormat::kText) {
    return CheckText(verdicts, paint != nullptr ? paint : Unpainted);
  }
  if (format == ReportFormat::kJson) return ReportJson(ReportOf(verdicts));
  std::string suites;
  for (const DirectionVerdict& verdict : verdicts) {
    std::vector<JunitCase> cases;
    for (const Finding& finding : verdict.findings) {
      cases.push_back(
          {absl::StrCat(finding.path(), " [", finding.rule(), "]"),
           absl::StrCat(LevelName(finding.level()), ": ", finding.text(),
                        finding.condition().empty() ? "" : "; ",
                        finding.condition()),
           ResultOf(Counts(finding, accepted))});
    }
    // A suite without any case would look as if nothing had been checked.
    if (cases.empty()) cases.push_back({LevelName(verdict.level), ""});
    absl::StrAppend(
        &suites,
        JunitSuite(std::string(DirectionName(verdict.direction)), cases));
  }
  return JunitDocument(suites);
}

std::string RenderLint(const std::string& file,
                       const std::vector<Finding>& findings,
                       ReportFormat format) {
  LintReport report;
  std::vector<JunitCase> cases;
  std::string text;
  for (const Finding& finding : findings) {
    const std::string severity = SeverityName(*FindRule(finding.rule()));
    cases.push_back(
        {absl::StrCat(finding.path(), " [", finding.rule(), "]"),
         absl::StrCat(finding.place(), ": ", finding.text()),
         ResultOf(finding.waived().empty() && severity == "error")});
    absl::StrAppend(&text, finding.place(), ": ", severity, ": [",
                    finding.rule(), "] ", finding.path(), ": ", finding.text(),
                    finding.waived().empty() ? "" : " (", finding.waived(),
                    finding.waived().empty() ? "" : ")", "\n");
    if (!finding.waived().empty()) continue;
    LintReportFinding& entry = *report.add_findings();
    entry.set_rule(finding.rule());
    entry.set_severity(severity);
    entry.set_place(finding.place());
    entry.set_path(finding.path());
    entry.set_text(finding.text());
  }
  switch (format) {
    case ReportFormat::kText:
      return text;
    case ReportFormat::kJson:
      return ReportJson(report);
    case ReportFormat::kJunit:
      break;
  }
  if (cases.empty()) cases.push_back({"no finding", ""});
  return JunitDocument(JunitSuite(file, cases));
}

std::string RenderMatrix(const MatrixReport& matrix, ReportFormat format) {
  if (format == ReportFormat::kJson) return ReportJson(matrix);
  std::map<std::string, std::vector<const MatrixCell*>> schemas;
  for (const MatrixCell& cell : matrix.cells()) {
    schemas[cell.schema()].push_back(&cell);
  }
  std::string text;
  for (const auto& [schema, cells] : schemas) {
    if (format == ReportFormat::kJunit) {
      std::vector<JunitCase> cases;
      for (const MatrixCell* cell : cells) {
        cases.push_back({absl::StrCat("written by ", cell->writer(),
                                      ", read by ", cell->reader()),
                         absl::StrCat(cell->verdict(), ": ",
                                      absl::StrJoin(cell->rules(), ", ")),
                         ResultOf(cell->verdict() == "refused")});
      }
      absl::StrAppend(&text, JunitSuite(schema, cases));
      continue;
    }
    absl::StrAppend(&text, schema, ", written \\ read\n");
    std::string heading(10, ' ');
    std::string rows;
    uint32_t first_writer = cells[0]->writer();
    uint32_t writer = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      const MatrixCell& cell = *cells[i];
      if (i == 0 || cell.writer() != writer) {
        if (i != 0) absl::StrAppend(&rows, "\n");
        writer = cell.writer();
        absl::StrAppendFormat(&rows, "  %-8s", absl::StrCat("v", writer));
      }
      if (writer == first_writer) {
        absl::StrAppendFormat(&heading, "%-12s",
                              absl::StrCat("v", cell.reader()));
      }
      absl::StrAppendFormat(&rows, "%-12s", cell.verdict());
    }
    for (const std::string& line :
         {heading, absl::StrReplaceAll(rows, {{" \n", "\n"}})}) {
      absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
    }
  }
  return format == ReportFormat::kJunit ? JunitDocument(text) : text;
}

}  // namespace devstate
