// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each report has three forms of the same findings. The text of a check takes
// its words and conditions from the report that JSON prints, so that neither
// says more than the other.

#include "devstate/compat/release/report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
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
    *report.add_directions() = MakeDirectionReport(verdict);
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
        if (group.count > 1) absl::StrAppend(&text, "the first of them: ");
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

DirectionReport MakeDirectionReport(const DirectionVerdict& verdict) {
  DirectionReport direction;
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
  return direction;
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

MatrixVerdict MakeMatrixVerdict(const DirectionVerdict& verdict) {
  MatrixVerdict made{verdict.level, {}};
  for (const Finding& finding : verdict.findings) {
    if (finding.level() == verdict.level) made.findings.push_back(finding);
  }
  return made;
}

std::vector<std::string> RulesOf(const MatrixVerdict& verdict) {
  std::set<std::string> rules;
  for (const Finding& finding : verdict.findings) rules.insert(finding.rule());
  return {rules.begin(), rules.end()};
}

std::string RenderMatrix(const std::vector<MatrixTable>& tables,
                         ReportFormat format) {
  std::string text;
  for (const MatrixTable& table : tables) {
    const size_t size = table.names.size();
    std::vector<JunitCase> cases;
    size_t width = 8;
    for (const std::string& name : table.names) {
      width = std::max(width, name.size() + 1);
    }
    std::string rows(2 + width, ' ');
    for (const std::string& name : table.names) {
      absl::StrAppendFormat(&rows, "%-12s", name);
    }
    for (size_t writer = 0; writer < size; ++writer) {
      absl::StrAppendFormat(&rows, "\n  %-*s", static_cast<int>(width),
                            table.names[writer]);
      for (size_t reader = 0; reader < size; ++reader) {
        const MatrixVerdict& cell = table.Cell(writer, reader);
        const std::string verdict = LevelName(cell.level);
        absl::StrAppendFormat(&rows, "%-12s", verdict);
        cases.push_back(
            {absl::StrCat("written by ", table.names[writer], ", read by ",
                          table.names[reader]),
             absl::StrCat(verdict, ": ", absl::StrJoin(RulesOf(cell), ", ")),
             ResultOf(cell.level == VERDICT_LEVEL_REFUSED)});
      }
    }
    if (format == ReportFormat::kJunit) {
      absl::StrAppend(&text, JunitSuite(table.schema, cases));
      continue;
    }
    absl::StrAppend(&text, table.schema, ", written \\ read\n");
    for (const absl::string_view line : absl::StrSplit(rows, '\n')) {
      absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
    }
  }
  return format == ReportFormat::kJunit ? JunitDocument(text) : text;
}

}  // namespace devstate
