// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate explain: what a rule means.

#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/schema_flags.h"
#include "cli/verb.h"
#include "devstate/compat/rules.h"

namespace devstate {
namespace {

int Explain(const std::string& id) {
  if (id.empty()) {
    for (const Rule* rule : AllRules()) {
      absl::PrintF("%-32s %-7s %-12s %s\n", rule->id, FamilyName(*rule),
                   SeverityName(*rule), rule->text);
    }
    return kExitOk;
  }
  const Rule* rule = FindRule(id);
  if (rule == nullptr) {
    PrintError(absl::NotFoundError(absl::StrCat(
        "no rule is named \"", id, "\": devstate explain lists all")));
    return kExitUsageOrIo;
  }
  absl::PrintF("%s (%s rule)\n\n%s", rule->id, FamilyName(*rule),
               RuleSection(id));
  return kExitOk;
}

}  // namespace

void AddExplain(CLI::App& app, int* exit_code) {
  auto id = std::make_shared<std::string>();
  CLI::App* verb =
      app.add_subcommand("explain", "Say what a rule means, or list all rules");
  verb->add_option("rule", *id, "As in the findings of check and lint")
      ->type_name("RULE");
  verb->footer(
      "Exit codes: 0, or 2 for a rule that does not exist.\n"
      "Example: devstate explain numbers-swapped");
  verb->callback([id, exit_code] { *exit_code = Explain(*id); });
}

}  // namespace devstate
