// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Tables of schema changes for tests.

#ifndef DEVSTATE_COMPAT_DIFF_TESTING_H_
#define DEVSTATE_COMPAT_DIFF_TESTING_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/compat/diff.h"
#include "devstate/compat/diff_cases.h"
#include "devstate/compat/rules.h"
#include "devstate/schema/schema_loader.h"
#include "gtest/gtest.h"

namespace devstate {
namespace testing {

inline std::string SchemaText(int version, const std::string& body,
                              const std::string& more = "") {
  return absl::StrCat(
      "syntax = \"proto3\"; package t; import \"devstate/options.proto\"; "
      "message S { option (devstate.message) = { schema: \"t\" device: \"d\" ",
      absl::StrContains(more, "version") ? ""
                                         : absl::StrCat("version: ", version),
      " ", more, " }; ", body, "\n}");
}

// Returns a body whose fields are those of a record in columns.
inline std::string InRecord(const std::string& body) {
  return absl::StrCat("repeated R r = 1; message R {", body, "\n}");
}

inline LoadedSchema Parse(const std::string& text) {
  absl::StatusOr<LoadedSchema> schema = ParseSchema("s.proto", text, {});
  EXPECT_TRUE(schema.ok()) << schema.status() << "\n" << text;
  return schema.ok() ? *std::move(schema) : LoadedSchema();
}

inline std::string Describe(const DirectionVerdict& verdict) {
  std::set<std::string> rules;
  std::vector<std::string> conditions;
  for (const Finding& finding : verdict.findings) {
    rules.insert(finding.rule());
    EXPECT_NE(FindRule(finding.rule()), nullptr) << finding.rule();
    EXPECT_FALSE(finding.text().empty()) << finding.rule();
    EXPECT_EQ(finding.level() == VERDICT_LEVEL_CONDITIONAL,
              !finding.condition().empty());
    if (!finding.condition().empty()) {
      conditions.push_back(finding.condition());
    }
  }
  std::string text =
      absl::StrCat(LevelName(verdict.level), " ", absl::StrJoin(rules, ","));
  if (!conditions.empty()) {
    absl::StrAppend(&text, ": ", absl::StrJoin(conditions, "; "));
  }
  return text;
}

inline void CheckChange(const std::string& name, const std::string& older_text,
                        const std::string& newer_text, const char* upgrade,
                        const char* downgrade) {
  const LoadedSchema older = Parse(older_text);
  const LoadedSchema newer = Parse(newer_text);
  if (older.model().root == nullptr || newer.model().root == nullptr) return;
  EXPECT_EQ(Describe(CompareSchemas(older.model(), newer.model(),
                                    Direction::kUpgrade)),
            upgrade)
      << name << ", upgrade";
  EXPECT_EQ(Describe(CompareSchemas(older.model(), newer.model(),
                                    Direction::kDowngrade)),
            downgrade)
      << name << ", downgrade";
}

// Return the schemas of a change.
inline std::string OlderText(const Change& change) {
  return SchemaText(
      1, change.in_record ? InRecord(change.older_body) : change.older_body);
}
inline std::string NewerText(const Change& change) {
  return SchemaText(
      2, change.in_record ? InRecord(change.newer_body) : change.newer_body);
}

inline void CheckChanges(const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    CheckChange(change.name, OlderText(change), NewerText(change),
                change.upgrade, change.downgrade);
  }
}

}  // namespace testing
}  // namespace devstate

#endif  // DEVSTATE_COMPAT_DIFF_TESTING_H_
