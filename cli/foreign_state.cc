// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/foreign_state.h"

#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/exit_codes.h"
#include "devstate/compat/finding_groups.h"
#include "devstate/compat/rules.h"

namespace devstate {

void PrintFindings(absl::string_view file, const Verdict& verdict) {
  std::vector<const Finding*> findings;
  for (const Finding& finding : verdict.findings()) {
    findings.push_back(&finding);
  }
  for (const FindingGroup& group : GroupFindings(findings)) {
    absl::FPrintF(
        stderr, "devstate: %s: %s [%s] %s%s\n", file == "-" ? "(stdin)" : file,
        LevelName(group.first->level()), group.first->rule(),
        group.path.empty() ? "" : absl::StrCat(group.path, ": "), group.text);
  }
}

int PrintForeignFindings(absl::string_view file, const ForeignReport& report) {
  PrintFindings(file, report.verdict);
  return report.refused() ? kExitRefused : kExitOk;
}

}  // namespace devstate
