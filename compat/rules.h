// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RULES_H_
#define DEVSTATE_COMPAT_RULES_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace devstate {

// A rule that findings name. Ids are never reused; docs/compat_rules.md has a
// section for each.
struct Rule {
  // In kebab-case.
  absl::string_view id;
  // "load": may a state be loaded? "lint": is a schema fit for release?
  // "foreign": can a foreign state be converted?
  absl::string_view family;
  // Of a lint rule "error" or "warning"; of the others the worst verdict that
  // it gives.
  absl::string_view severity;
  // One line.
  absl::string_view text;
  // Of a load rule: what stands for it in the answer to CHECK_DEVICE_STATE,
  // never changed and never reused. 1 to 255.
  int code = 0;
};

// All rules: load rules, lint rules, foreign rules.
const std::vector<Rule>& AllRules();

// Null if there is none.
const Rule* FindRule(absl::string_view id);

// The rule's section of docs/compat_rules.md, without its heading; empty if
// there is none.
absl::string_view RuleSection(absl::string_view id);

// The whole of docs/compat_rules.md.
absl::string_view RulesDocument();

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RULES_H_
