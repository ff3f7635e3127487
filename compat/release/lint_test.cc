// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/lint.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/compat/diff_testing.h"
#include "devstate/compat/release/waivers.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;

#define F(annotations) "[(devstate.field) = { " annotations " }]"

struct Version {
  int version;
  std::string body;
};

// The rules that the last of `versions` breaks after the others.
std::string Lint(const std::vector<Version>& versions) {
  std::vector<LoadedSchema> schemas;
  for (const Version& version : versions) {
    schemas.push_back(Parse(SchemaText(version.version, version.body)));
  }
  std::vector<const SchemaModel*> models;
  for (size_t i = 0; i + 1 < schemas.size(); ++i) {
    models.push_back(&schemas[i].model());
  }
  const Lineage lineage(models, "t");
  std::set<std::string> rules;
  for (const Finding& finding : LintSchema(schemas.back(), &lineage)) {
    const Rule* rule = FindRule(finding.rule());
    EXPECT_NE(rule, nullptr) << finding.rule();
    EXPECT_EQ(rule->family, RuleFamily::kLint) << finding.rule();
    EXPECT_FALSE(finding.place().empty());
    EXPECT_FALSE(finding.text().empty());
    rules.insert(finding.rule());
  }
  return absl::StrJoin(rules, ",");
}

std::string Lint(const std::string& body) { return Lint({{1, body}}); }

// From one released version to the next.
std::string Lint(const std::string& released, const std::string& body) {
  return Lint({{1, released}, {2, body}});
}

TEST(LintTest, CleanSchemaHasNoFinding) {
  EXPECT_EQ(Lint("uint32 a = 1; E e = 2; enum E { NONE = 0; ON = 1; }"), "");
  EXPECT_EQ(Lint("uint32 a = 1;", "uint32 a = 1;"), "");
}

TEST(LintTest, NewFieldSaysSince) {
  EXPECT_EQ(Lint("", "uint32 a = 1;"), "since-missing");
  EXPECT_EQ(Lint("", "uint32 a = 1 " F("since: 2") ";"), "");
  EXPECT_EQ(Lint("", "uint32 a = 1 " F("since: 1") ";"), "since-wrong");
}

TEST(LintTest, SinceStaysTheVersionThatIntroducedTheField) {
  EXPECT_EQ(Lint("uint32 a = 1;", "uint32 a = 1 " F("since: 1") ";"), "");
  EXPECT_EQ(Lint("uint32 a = 1;", "uint32 a = 1 " F("since: 2") ";"),
            "since-wrong");
}

TEST(LintTest, FieldsOfANewMessageNeedNoSince) {
  EXPECT_EQ(Lint("", "M m = 1 " F("since: 2") "; message M { uint32 a = 1; }"),
            "");
}

TEST(LintTest, NewEnumValueSaysSince) {
  const std::string released = "E e = 1; enum E { NONE = 0; }";
  EXPECT_EQ(Lint(released, "E e = 1; enum E { NONE = 0; ON = 1; }"),
            "enum-value-since-missing");
  EXPECT_EQ(Lint(released,
                 "E e = 1; enum E { NONE = 0; ON = 1 "
                 "[(devstate.enum_value).since = 2]; }"),
            "");
}

TEST(LintTest, RemovedFieldLeavesATombstone) {
  const std::string released = "optional uint32 a = 1;";
  EXPECT_EQ(Lint(released, ""), "removed-without-tombstone");
  EXPECT_EQ(Lint(released, "reserved 1;"), "removed-without-tombstone");
  EXPECT_EQ(Lint(released,
                 "option (devstate.message).tombstone = { number: 1 name: "
                 "\"a\" type: \"uint32\" last_written: 1 };"),
            "");
}

TEST(LintTest, TombstoneStaysAndSaysWhatWasReleased) {
  const std::string tombstone =
      "option (devstate.message).tombstone = { number: 1 name: \"a\" type: "
      "\"uint32\" last_written: 1 };";
  EXPECT_EQ(Lint("optional uint32 a = 1;",
                 "option (devstate.message).tombstone = { number: 1 name: "
                 "\"a\" type: \"uint32\" ignorable: true };"),
            "tombstone-changed");
  EXPECT_EQ(Lint(tombstone, ""), "tombstone-changed");
  EXPECT_EQ(Lint(tombstone, tombstone), "");
}

TEST(LintTest, NumberIsNeverReused) {
  EXPECT_EQ(Lint("reserved 1;", "uint32 a = 1 " F("since: 2") ";"),
            "reused-number");
  EXPECT_EQ(Lint({{1, "uint32 a = 1;"},
                  {2, ""},
                  {3, "uint32 a = 1 " F("since: 3") ";"}}),
            "reused-number");
  EXPECT_EQ(Lint("reserved 2;", "reserved 2; uint32 a = 1 " F("since: 2") ";"),
            "");
}

TEST(LintTest, FieldGoesOneReleaseAfterWritersStopped) {
  const std::string tombstone =
      "option (devstate.message).tombstone = { number: 1 name: \"a\" type: "
      "\"uint32\" last_written: 1 ";
  EXPECT_EQ(Lint("uint32 a = 1;", tombstone + "};"), "removed-while-written");
  const std::string stopped = "uint32 a = 1 " F("write_until: 1") ";";
  EXPECT_EQ(Lint({{1, "uint32 a = 1;"},
                  {2, stopped},
                  {3, tombstone + "write_until: 1 };"}}),
            "");
  EXPECT_EQ(Lint({{1, "uint32 a = 1;"}, {2, stopped}, {3, tombstone + "};"}}),
            "tombstone-changed");
}

TEST(LintTest, FieldOfARecordThatGoesIsNamedByItsMessage) {
  const LoadedSchema older = Parse(SchemaText(
      1, "repeated R r = 1; message R { uint32 x = 1; uint32 y = 2; }"));
  const LoadedSchema newer = Parse(SchemaText(
      2,
      "repeated R r = 1; message R { option (devstate.message).tombstone = "
      "{ number: 2 name: \"y\" type: \"uint32\" last_written: 1 }; uint32 "
      "x = 1; }"));
  const Lineage lineage({&older.model()}, "t");
  const std::vector<Finding> findings = LintSchema(newer, &lineage);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].path(), "t.S.R.y");
}

TEST(LintTest, EveryNameOfAChainIsDeclared) {
  const std::string second = "uint32 b = 1 " F("renamed_from: \"a\"") ";";
  EXPECT_EQ(Lint({{1, "uint32 a = 1;"},
                  {2, second},
                  {3, "uint32 c = 1 " F("renamed_from: \"b\"") ";"}}),
            "undeclared-rename");
  EXPECT_EQ(
      Lint({{1, "uint32 a = 1;"},
            {2, second},
            {3, "uint32 c = 1 " F("renamed_from: [ \"a\", \"b\" ]") ";"}}),
      "");
}

TEST(LintTest, EveryNumberOfAnEnumValueIsDeclared) {
  const auto body = [](const std::string& value) {
    return "E e = 1; enum E { NONE = 0; " + value + "; }";
  };
  const auto with = [&](const std::string& numbers) {
    return body("ON = 3 [(devstate.enum_value) = { renumbered_from: " +
                numbers + " }]");
  };
  EXPECT_EQ(Lint(body("ON = 1"), body("ON = 3")), "undeclared-renumbering");
  EXPECT_EQ(Lint(body("ON = 1"), with("1")), "");
  EXPECT_EQ(Lint(body("ON = 1"), with("3")),
            "renumbered-from-wrong,undeclared-renumbering");
  EXPECT_EQ(Lint({{1, body("ON = 1")}, {2, body("ON = 2")}, {3, with("2")}}),
            "undeclared-renumbering");
}

TEST(LintTest, ValueOnTheNumberOfAnotherIsNew) {
  EXPECT_EQ(Lint("E e = 1; enum E { NONE = 0; ON = 1; }",
                 "E e = 1; enum E { NONE = 0; OFF = 1; ON = 3 "
                 "[(devstate.enum_value).renumbered_from = 1]; }"),
            "enum-value-since-missing");
}

TEST(LintTest, RenameIsDeclared) {
  EXPECT_EQ(Lint("uint32 a = 1;", "uint32 b = 1;"), "undeclared-rename");
  EXPECT_EQ(Lint("uint32 a = 1;", "uint32 b = 1 " F("renamed_from: \"a\"") ";"),
            "");
}

TEST(LintTest, RenameDoesNotChangeTheUnit) {
  EXPECT_EQ(Lint("uint32 t_ms = 1;",
                 "uint32 t_us = 1 " F("renamed_from: \"t_ms\"") ";"),
            "unit-renamed");
  EXPECT_EQ(Lint("uint32 t_ms = 1;",
                 "uint32 wait_ms = 1 " F("renamed_from: \"t_ms\"") ";"),
            "");
}

TEST(LintTest, ReleasedMeaningStays) {
  EXPECT_EQ(Lint("uint32 a = 1 " F("unit: \"ms\"") ";",
                 "uint32 a = 1 " F("unit: \"us\"") ";"),
            "unit-annotation-changed");
  EXPECT_EQ(Lint("uint32 a = 1;", "uint32 a = 1 " F("unit: \"us\"") ";"), "");
}

TEST(LintTest, DefaultNeedsPresence) {
  EXPECT_EQ(Lint("uint32 a = 1 " F("absent_default: \"5\"") ";"),
            "default-without-presence");
  EXPECT_EQ(Lint("uint32 a = 1 " F("absent_default: \"0\"") ";"), "");
  EXPECT_EQ(Lint("optional uint32 a = 1 " F("absent_default: \"5\"") ";"), "");
}

TEST(LintTest, ReleasedDefaultStays) {
  EXPECT_EQ(Lint("optional uint32 a = 1 " F("absent_default: \"5\"") ";",
                 "optional uint32 a = 1 " F("absent_default: \"6\"") ";"),
            "released-default-changed");
}

TEST(LintTest, NewRequiredFieldHasADefault) {
  EXPECT_EQ(Lint("", "uint64 a = 1 " F("required: true since: 2") ";"),
            "required-without-default");
  EXPECT_EQ(Lint("", "optional uint64 a = 1 " F(
                         "required: true since: 2 absent_default: \"1\"") ";"),
            "");
  EXPECT_EQ(Lint("uint64 a = 1;", "uint64 a = 1 " F("required: true") ";"),
            "required-without-default");
}

TEST(LintTest, VersionGrowsWithEveryChange) {
  EXPECT_EQ(Lint({{1, "uint32 a = 1;"}, {1, "uint32 a = 1 " F("max: 5") ";"}}),
            "version-not-grown");
  EXPECT_EQ(Lint({{1, "uint32 a = 1;"}, {1, "uint32 a = 1;"}}), "");
  EXPECT_EQ(Lint({{3, "uint32 a = 1;"}, {2, "uint32 a = 1;"}}),
            "version-went-backwards");
}

TEST(LintTest, ReleasedVersionIsOneSchema) {
  EXPECT_EQ(Lint({{1, "uint32 a = 1;"},
                  {1, "uint32 a = 1 " F("max: 5") ";"},
                  {2, "uint32 a = 1;"}}),
            "same-version-other-fingerprint");
}

TEST(LintTest, ReleasedSchemaMayBeThereTwice) {
  EXPECT_EQ(
      Lint({{1, "uint32 a = 1;"}, {1, "uint32 a = 1;"}, {2, "uint32 a = 1;"}}),
      "");
}

TEST(LintTest, NumberHasOneOwner) {
  EXPECT_EQ(Lint("uint32 a = 1 " F("owner: \"x\"") ";",
                 "uint32 a = 1 " F("owner: \"y\"") ";"),
            "owner-conflict");
}

TEST(LintTest, WarningsAboutMeaning) {
  EXPECT_EQ(Lint("E e = 1; enum E { RUNNING = 0; STOPPED = 1; }"),
            "enum-zero-not-neutral");
  EXPECT_EQ(Lint("double a = 1;"), "float-without-meaning-rev");
  EXPECT_EQ(Lint("double a = 1 " F("meaning_rev: 1") ";"), "");
  EXPECT_EQ(Lint("map<string, M> m = 1; message M { uint32 a = 1; }"),
            "critical-map-value");
  EXPECT_EQ(Lint("map<string, uint32> m = 1;"), "");
}

TEST(LintTest, SenselessAnnotationIsFound) {
  EXPECT_EQ(Lint("string a = 1 " F("max: 5") ";"), "invalid-annotation");
}

TEST(LintTest, WhatTheCodeGeneratorRefusesIsRefused) {
  EXPECT_EQ(Lint("repeated N n = 1; message N { N next = 1; }"),
            "schema-without-code");
  EXPECT_EQ(Lint("N n = 1; message N { N next = 1; }"), "schema-without-code");
  EXPECT_EQ(Lint("repeated R r = 1; message R {} message RRow {}"),
            "schema-without-code");
}

TEST(LintTest, WhatEncodeRefusesIsRefused) {
  std::string deep = "repeated M0 m = 1;";
  for (int i = 0; i < 40; ++i) {
    absl::StrAppend(&deep, " message M", i, " { ",
                    i < 39 ? absl::StrCat("M", i + 1, " m = 1;") : "", " }");
  }
  EXPECT_EQ(Lint(deep), "schema-without-code");
}

class WaiverTest : public ::testing::Test {
 protected:
  static constexpr char kWaiver[] =
      "waiver { rule: \"bound-narrowed\" path: \"a\" direction: \"upgrade\" "
      "reason: \"never above 9\" expiry: \"2026-12-31\" }";

  WaiverSet Waivers(const std::string& text, const std::string& today) {
    absl::StatusOr<WaiverSet> set = WaiverSet::Parse("w", text, today);
    EXPECT_TRUE(set.ok()) << set.status();
    return set.ok() ? *std::move(set) : WaiverSet();
  }

  DirectionVerdict Compare(Direction direction) {
    const LoadedSchema older = Parse(SchemaText(1, "uint32 a = 1;"));
    const LoadedSchema newer =
        Parse(SchemaText(2, "uint32 a = 1 " F("max: 9") ";"));
    return CompareSchemas(older.model(), newer.model(), direction);
  }
};

TEST_F(WaiverTest, WaivedFindingStaysAndDoesNotCount) {
  WaiverSet waivers = Waivers(kWaiver, "2026-12-31");
  DirectionVerdict verdict = Compare(Direction::kUpgrade);
  EXPECT_EQ(verdict.level, VERDICT_LEVEL_CONDITIONAL);
  waivers.Apply(&verdict);
  EXPECT_EQ(verdict.level, VERDICT_LEVEL_COMPATIBLE);
  EXPECT_EQ(verdict.findings.size(), 1u);
  EXPECT_TRUE(waivers.Check().ok());
}

TEST_F(WaiverTest, ExpiredWaiverIsAnErrorAndDoesNotWaive) {
  WaiverSet waivers = Waivers(kWaiver, "2027-01-01");
  DirectionVerdict verdict = Compare(Direction::kUpgrade);
  waivers.Apply(&verdict);
  EXPECT_EQ(verdict.level, VERDICT_LEVEL_CONDITIONAL);
  EXPECT_NE(waivers.Check().message().find("[waiver-expired]"),
            std::string::npos);
}

TEST_F(WaiverTest, UnusedWaiverIsAnError) {
  WaiverSet waivers = Waivers(
      "waiver { rule: \"bound-narrowed\" path: \"b\" reason: \"r\" expiry: "
      "\"2027-01-01\" }",
      "2026-01-01");
  DirectionVerdict verdict = Compare(Direction::kUpgrade);
  waivers.Apply(&verdict);
  EXPECT_NE(waivers.Check().message().find("[waiver-unused]"),
            std::string::npos);
}

TEST_F(WaiverTest, WaiverOfADirectionThatWasNotLookedAtIsLeftAlone) {
  WaiverSet waivers = Waivers(kWaiver, "2026-01-01");
  DirectionVerdict verdict = Compare(Direction::kDowngrade);
  waivers.Apply(&verdict);
  EXPECT_TRUE(waivers.Check().ok());
}

TEST_F(WaiverTest, WaiverNeedsARuleAReasonAndADate) {
  for (const char* text :
       {"waiver { rule: \"no-such\" reason: \"r\" expiry: \"2027-01-01\" }",
        "waiver { rule: \"limit\" expiry: \"2027-01-01\" }",
        "waiver { rule: \"limit\" reason: \"r\" }",
        "waiver { rule: \"limit\" reason: \"r\" expiry: \"soon\" }",
        "waiver { rul: \"limit\" }"}) {
    EXPECT_FALSE(WaiverSet::Parse("w", text, "2026-01-01").ok()) << text;
  }
}

}  // namespace
}  // namespace devstate
