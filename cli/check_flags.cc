// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/check_flags.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "cli/exit_codes.h"
#include "cli/pages/check_page.h"
#include "cli/terminal.h"
#include "devstate/compat/finding_groups.h"
#include "devstate/compat/release/report.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

std::string SubjectOf(const CheckFlags& flags) {
  if (!flags.from.empty()) {
    return absl::StrCat("From ", flags.from, " to ", flags.to);
  }
  if (!flags.old_file.empty()) {
    return absl::StrCat(flags.old_file, " and its successor ", flags.new_file);
  }
  return absl::StrCat(
      flags.stream.file,
      flags.tree.empty() ? " with the reader " : " with the directory ",
      flags.tree.empty() ? flags.reader : flags.tree);
}

std::set<VerdictLevel> AcceptedLevels(const CheckFlags& flags) {
  std::set<VerdictLevel> accepted;
  for (const std::string& word : flags.accept) {
    accepted.insert(word == "lossy" ? VERDICT_LEVEL_LOSSY
                                    : VERDICT_LEVEL_CONDITIONAL);
  }
  return accepted;
}

std::string PaintVerdict(absl::string_view word, VerdictLevel level) {
  const Colour colour = level >= VERDICT_LEVEL_REFUSED    ? Colour::kRed
                        : level > VERDICT_LEVEL_CONVERTED ? Colour::kYellow
                                                          : Colour::kGreen;
  return Painted(word, colour, STDOUT_FILENO);
}

namespace {

// The verdict with one finding for each group of them.
DirectionVerdict Grouped(const DirectionVerdict& verdict) {
  std::vector<const Finding*> findings;
  for (const Finding& finding : verdict.findings) findings.push_back(&finding);
  DirectionVerdict grouped = verdict;
  grouped.findings.clear();
  for (const FindingGroup& group : GroupFindings(findings)) {
    Finding& finding = grouped.findings.emplace_back(*group.first);
    finding.set_path(group.path);
    if (group.count > 1) finding.set_text(group.text);
  }
  return grouped;
}

absl::StatusOr<std::string> Render(
    const CheckFlags& flags, const std::vector<DirectionVerdict>& verdicts,
    const std::set<VerdictLevel>& accepted) {
  if (flags.schema.format == "html") {
    CheckReport report;
    for (const DirectionVerdict& verdict : verdicts) {
      *report.add_directions() = MakeDirectionReport(Grouped(verdict));
    }
    return CheckPage(SubjectOf(flags), report);
  }
  DS_ASSIGN_OR_RETURN(const ReportFormat format,
                      ParseReportFormat(flags.schema.format));
  return RenderCheck(verdicts, accepted, format, PaintVerdict);
}

}  // namespace

absl::StatusOr<int> ReportVerdicts(const CheckFlags& flags,
                                   std::vector<DirectionVerdict> verdicts) {
  DS_ASSIGN_OR_RETURN(WaiverSet waivers, flags.schema.ReadWaivers());
  const std::set<VerdictLevel> accepted = AcceptedLevels(flags);
  VerdictLevel worst = VERDICT_LEVEL_IDENTICAL;
  for (DirectionVerdict& verdict : verdicts) {
    waivers.Apply(&verdict);
    worst = std::max(worst, WorstUnaccepted(verdict, accepted));
  }
  DS_ASSIGN_OR_RETURN(const std::string text,
                      Render(flags, verdicts, accepted));
  std::fputs(text.c_str(), stdout);
  if (const absl::Status status = waivers.Check(); !status.ok()) {
    PrintError(status);
    worst = std::max(worst, VERDICT_LEVEL_REFUSED);
  }
  return ExitCodeOf(worst);
}

}  // namespace devstate
