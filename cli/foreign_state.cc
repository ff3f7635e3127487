// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/foreign_state.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/exit_codes.h"
#include "devstate/compat/release/report.h"

namespace devstate {

void PrintFindings(absl::string_view file, const Verdict& verdict) {
  for (const Finding& finding : verdict.findings()) {
    absl::FPrintF(
        stderr, "devstate: %s: %s [%s] %s%s\n", file == "-" ? "(stdin)" : file,
        LevelName(finding.level()), finding.rule(),
        finding.path().empty() ? "" : absl::StrCat(finding.path(), ": "),
        finding.text());
  }
}

int PrintForeignFindings(absl::string_view file, const ForeignReport& report) {
  PrintFindings(file, report.verdict);
  return report.refused() ? kExitRefused : kExitOk;
}

}  // namespace devstate
