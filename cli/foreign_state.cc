// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/foreign_state.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/verb.h"
#include "devstate/compat/release/report.h"

namespace devstate {

int PrintForeignFindings(absl::string_view file, const ForeignReport& report) {
  for (const Finding& finding : report.verdict.findings()) {
    absl::FPrintF(
        stderr, "devstate: %s: %s [%s] %s%s\n", file == "-" ? "(stdin)" : file,
        LevelName(finding.level()), finding.rule(),
        finding.path().empty() ? "" : absl::StrCat(finding.path(), ": "),
        finding.text());
  }
  return report.refused() ? kExitRefused : kExitOk;
}

}  // namespace devstate
