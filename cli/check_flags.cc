// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/check_flags.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/exit_codes.h"
#include "cli/terminal.h"
#include "devstate/compat/release/report.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

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

absl::StatusOr<int> ReportVerdicts(const CheckFlags& flags,
                                   std::vector<DirectionVerdict> verdicts) {
  DS_ASSIGN_OR_RETURN(const ReportFormat format,
                      ParseReportFormat(flags.schema.format));
  DS_ASSIGN_OR_RETURN(WaiverSet waivers, flags.schema.ReadWaivers());
  const std::set<VerdictLevel> accepted = AcceptedLevels(flags);
  VerdictLevel worst = VERDICT_LEVEL_IDENTICAL;
  for (DirectionVerdict& verdict : verdicts) {
    waivers.Apply(&verdict);
    worst = std::max(worst, WorstUnaccepted(verdict, accepted));
  }
  std::fputs(RenderCheck(verdicts, accepted, format, PaintVerdict).c_str(),
             stdout);
  if (const absl::Status status = waivers.Check(); !status.ok()) {
    PrintError(status);
    worst = std::max(worst, VERDICT_LEVEL_REFUSED);
  }
  return ExitCodeOf(worst);
}

}  // namespace devstate
