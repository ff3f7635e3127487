// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate explain: what a rule means.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

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

void Define(Command& verb) {
  auto id = std::make_shared<std::string>();
  verb.AddOption("rule", id.get(), "As in the findings of check and lint")
      .Value("RULE")
      .Suggest([] {
        std::vector<std::string> ids;
        for (const Rule* rule : AllRules()) ids.emplace_back(rule->id);
        return ids;
      });
  verb.footer =
      ExitCodesText(
          {{kExitOk}, {kExitUsageOrIo, "usage, I/O or no such rule"}}) +
      "Example: devstate explain numbers-swapped";
  verb.run = [id] { return Explain(*id); };
}

const VerbRegistration kRegistration("explain",
                                     "Say what a rule means, or list all rules",
                                     Define);

}  // namespace
}  // namespace devstate
