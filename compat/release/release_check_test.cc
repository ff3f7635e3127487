// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/release_check.h"

#include <string>
#include <utility>
#include <vector>

#include "devstate/compat/diff_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kV1[] = "uint32 a = 1;";
constexpr char kNewCritical[] =
    "uint32 a = 1; optional uint32 b = 2 [(devstate.field).since = 2];";

// The current schema after version 1, with waivers in text format.
ReleaseReport Check(const std::string& released, const std::string& current,
                    const ReleasePolicy& policy = {},
                    const std::string& waivers = "") {
  std::vector<LoadedSchema> schemas;
  schemas.push_back(Parse(SchemaText(1, released)));
  auto set = WaiverSet::Parse("waivers", waivers, "2026-06-01");
  EXPECT_TRUE(set.ok()) << set.status();
  return CheckRelease(Parse(current), schemas, policy, &*set);
}

TEST(ReleaseCheckTest, ReleasedSchemaItselfPasses) {
  const ReleaseReport report = Check(kV1, SchemaText(1, kV1));
  EXPECT_TRUE(report.passed) << report.text;
  EXPECT_THAT(report.text,
              HasSubstr("version 1 reading version 1 (s.proto): identical"));
}

TEST(ReleaseCheckTest, AnyChangeNeedsANewVersion) {
  const ReleaseReport report = Check(kV1, SchemaText(1, kNewCritical));
  EXPECT_FALSE(report.passed);
  EXPECT_THAT(report.text, HasSubstr("[version-not-grown]"));
  EXPECT_THAT(report.text, HasSubstr("raise version to 2"));
}

TEST(ReleaseCheckTest, WhatIsNewIsOfTheVersionThatIsToCome) {
  const ReleaseReport without = Check(
      kV1, SchemaText(1, "uint32 a = 1; optional uint32 b = 2;"));
  EXPECT_THAT(without.text, HasSubstr("[version-not-grown]"));
  EXPECT_THAT(without.text, HasSubstr("t.S.b: add since: 2"));
  EXPECT_THAT(Check(kV1, SchemaText(1, kNewCritical)).text,
              Not(HasSubstr("[since-wrong]")));
}

TEST(ReleaseCheckTest, PolicyBoundsEachDirection) {
  const std::string current = SchemaText(2, kNewCritical);
  EXPECT_TRUE(Check(kV1, current).passed);
  const ReleaseReport strict =
      Check(kV1, current, {VERDICT_LEVEL_CONVERTED, VERDICT_LEVEL_LOSSY});
  EXPECT_FALSE(strict.passed);
  EXPECT_THAT(strict.text,
              HasSubstr("version 2 read by version 1 (s.proto): at worst lossy "
                        "is allowed, but\ndowngrade: conditional\n"));
  EXPECT_THAT(strict.text, HasSubstr("b [unknown-critical]"));
  EXPECT_FALSE(
      Check(kV1, current, {VERDICT_LEVEL_IDENTICAL, VERDICT_LEVEL_REFUSED})
          .passed);
}

TEST(ReleaseCheckTest, IncompatibleChangeFailsWithRuleAndRemedy) {
  const ReleaseReport report = Check(kV1, SchemaText(2, "string a = 1;"));
  EXPECT_FALSE(report.passed);
  EXPECT_THAT(report.text, HasSubstr("a [wire-type-changed] uint32 -> string"));
  EXPECT_THAT(report.text, HasSubstr("upgrade: refused"));
  EXPECT_THAT(report.text, HasSubstr("downgrade: refused"));
}

TEST(ReleaseCheckTest, OnlyWhatFailsIsPrinted) {
  const ReleaseReport report = Check(
      "uint32 a = 1; uint32 x = 2;",
      SchemaText(2,
                 "string a = 1; "
                 "uint32 y = 2 [(devstate.field).renamed_from = \"x\"];"));
  EXPECT_FALSE(report.passed);
  EXPECT_THAT(report.text, Not(HasSubstr("[field-renamed]")));
}

TEST(ReleaseCheckTest, LintErrorFailsAndAWarningDoesNot) {
  const ReleaseReport error =
      Check(kV1, SchemaText(2, "uint32 a = 1; optional uint32 b = 2;"));
  EXPECT_FALSE(error.passed);
  EXPECT_THAT(error.text, HasSubstr("error: [since-missing] t.S.b"));
  const ReleaseReport warning =
      Check(kV1, SchemaText(2,
                            "uint32 a = 1; optional double b = 2 "
                            "[(devstate.field).since = 2];"));
  EXPECT_TRUE(warning.passed) << warning.text;
}

TEST(ReleaseCheckTest, WaiverTakesTheWeightOffAndMustBeUsed) {
  const std::string waivers =
      "waiver { rule: \"wire-type-changed\" path: \"a\" "
      "reason: \"never shipped\" expiry: \"2026-12-31\" }";
  const std::string current = SchemaText(2, "string a = 1;");
  EXPECT_TRUE(Check(kV1, current, {}, waivers).passed);
  const ReleaseReport unused = Check(kV1, SchemaText(1, kV1), {}, waivers);
  EXPECT_FALSE(unused.passed);
  EXPECT_THAT(unused.text, HasSubstr("[waiver-unused]"));
}

TEST(ReleaseCheckTest, SchemaOfAnotherNameIsRefused) {
  std::string other = SchemaText(2, kV1);
  other.replace(other.find("\"t\""), 3, "\"u\"");
  const ReleaseReport report = Check(kV1, other);
  EXPECT_FALSE(report.passed);
  EXPECT_THAT(report.text, HasSubstr("[wrong-schema]"));
}

}  // namespace
}  // namespace devstate
