// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/rules.h"

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

TEST(RulesTest, IdsAreUniqueAndInKebabCase) {
  std::set<std::string> seen;
  for (const Rule* rule : AllRules()) {
    EXPECT_TRUE(seen.insert(std::string(rule->id)).second) << rule->id;
    EXPECT_EQ(
        rule->id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"),
        absl::string_view::npos)
        << rule->id;
    EXPECT_EQ(FindRule(rule->id), rule);
  }
  EXPECT_EQ(FindRule("no-such-rule"), nullptr);
}

TEST(RulesTest, EveryRuleHasASectionThatSaysTheSame) {
  for (const Rule* rule : AllRules()) {
    const std::string section =
        absl::StrReplaceAll(RuleSection(rule->id), {{"\n", " "}});
    EXPECT_TRUE(absl::StrContains(
        section, absl::StrCat("**", SeverityName(*rule), "**. ", rule->text)))
        << rule->id << ": " << section;
    EXPECT_TRUE(
        absl::StrContains(section, absl::StrCat("Remedy: ", rule->remedy)))
        << rule->id << ": " << section;
    for (const char* part : {"Why: ", "Example: "}) {
      EXPECT_TRUE(absl::StrContains(section, part)) << rule->id << " " << part;
    }
  }
}

TEST(RulesTest, EverySectionIsARuleOfItsFamily) {
  const absl::string_view document = RulesDocument();
  const size_t lint = document.find("\n## Lint rules\n");
  ASSERT_NE(lint, absl::string_view::npos);
  const size_t foreign = document.find("\n## Foreign rules\n");
  ASSERT_NE(foreign, absl::string_view::npos);
  size_t sections = 0;
  for (size_t at = document.find("\n### "); at != absl::string_view::npos;
       at = document.find("\n### ", at + 1)) {
    const absl::string_view rest = document.substr(at + 5);
    const Rule* rule = FindRule(rest.substr(0, rest.find('\n')));
    ASSERT_NE(rule, nullptr) << rest.substr(0, 40);
    EXPECT_EQ(FamilyName(*rule),
              at < lint ? "load" : (at < foreign ? "lint" : "foreign"))
        << rule->id;
    ++sections;
  }
  EXPECT_EQ(sections, AllRules().size());
}

TEST(RulesTest, UnknownRuleHasNoSection) {
  EXPECT_EQ(RuleSection("no-such-rule"), "");
}

TEST(RulesTest, LoadRulesHaveCodesOfTheirOwn) {
  std::set<int> codes;
  for (const Rule* rule : AllRules()) {
    if (rule->family != RuleFamily::kLoad) {
      EXPECT_EQ(rule->code, 0) << rule->id;
      continue;
    }
    EXPECT_GT(rule->code, 0) << rule->id;
    EXPECT_LE(rule->code, 255) << rule->id;
    EXPECT_TRUE(codes.insert(rule->code).second) << rule->id;
  }
}

}  // namespace
}  // namespace devstate
