// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/rules.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace devstate {
namespace {

constexpr char kDocument[] =
#include "compat/rules_document.inc"
    ;

}  // namespace

const std::vector<const Rule*>& AllRules() {
  static const auto& rules = *[] {
    auto* all = new std::vector<const Rule*>();
    for (const auto* family :
         {&rules::LoadRules(), &rules::LintRules(), &rules::ForeignRules()}) {
      all->insert(all->end(), family->begin(), family->end());
    }
    return all;
  }();
  return rules;
}

const Rule* FindRule(absl::string_view id) {
  for (const Rule* rule : AllRules()) {
    if (rule->id == id) return rule;
  }
  return nullptr;
}

absl::string_view FamilyName(const Rule& rule) {
  switch (rule.family) {
    case RuleFamily::kLoad:
      return "load";
    case RuleFamily::kLint:
      return "lint";
    case RuleFamily::kForeign:
      return "foreign";
  }
  return "";
}

std::string LevelName(VerdictLevel level) {
  const absl::string_view name = VerdictLevel_Name(level);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "VERDICT_LEVEL_"));
}

std::string SeverityName(const Rule& rule) {
  if (rule.family == RuleFamily::kLint) {
    return rule.worst == VERDICT_LEVEL_REFUSED ? "error" : "warning";
  }
  return LevelName(rule.worst);
}

absl::string_view RulesDocument() { return kDocument; }

absl::string_view RuleSection(absl::string_view id) {
  const absl::string_view document = RulesDocument();
  const std::string heading = absl::StrCat("\n### ", id, "\n");
  const size_t start = document.find(heading);
  if (start == absl::string_view::npos) return {};
  absl::string_view section = document.substr(start + heading.size());
  section = section.substr(0, section.find("\n##"));
  absl::ConsumePrefix(&section, "\n");
  return section;
}

}  // namespace devstate
