// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/mapping.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/compat/diff_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::InRecord;
using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;

#define F(annotations) "[(devstate.field) = { " annotations " }]"

// A mapping from version 1 to version 2, with its schemas.
struct Upgrade {
  Upgrade(const std::string& older_body, const std::string& newer_body,
          std::set<std::string> left_out = {})
      : older(Parse(SchemaText(1, older_body))),
        newer(Parse(SchemaText(2, newer_body))),
        mapping(PairByVersion(older.model(), newer.model()),
                std::move(left_out)) {}

  FieldMapping& Field(int number) {
    return mapping.FindRootField(*older.model().root->FindNumber(number));
  }

  const LoadedSchema older;
  const LoadedSchema newer;
  Mapping mapping;
};

TEST(MappingTest, NumberIsWhatTravelsAndNamesTheFieldByTheNewerSchema) {
  Upgrade upgrade(
      "uint32 a = 1;",
      "uint32 old_a = 1 " F("renamed_from: \"a\"") "; optional uint32 a = 2;");
  const FieldMapping& field = upgrade.Field(1);
  EXPECT_EQ(field.action, FieldMapping::kCopy);
  EXPECT_EQ(field.read->name, "old_a");
  EXPECT_EQ(field.path(), "old_a");
  ASSERT_EQ(upgrade.mapping.root().sources.size(), 1u);
  EXPECT_EQ(upgrade.mapping.root().sources[0].source, SourceMapping::kAbsent);
  EXPECT_EQ(upgrade.mapping.root().sources[0].path(), "a");
}

TEST(MappingTest, MoveHasItsStepsFromTheRoot) {
  Upgrade upgrade("uint32 y = 2;",
                  "M m = 3; message M { N n = 1; } message N { uint32 y = 1 " F(
                      "moved_from: \"y\"") "; }");
  const FieldMapping& field = upgrade.Field(2);
  EXPECT_EQ(field.action, FieldMapping::kMove);
  EXPECT_EQ(field.path(), "m.n.y");
  ASSERT_EQ(field.move_path.size(), 2u);
  EXPECT_EQ(field.move_path[0]->name, "m");
  EXPECT_EQ(field.move_path[1]->name, "n");
}

TEST(MappingTest, NewestOfSeveralFormerPlacesCounts) {
  Upgrade upgrade("uint32 y = 2; M m = 3; message M { uint32 y = 1; }",
                  "uint32 z = 4 " F("moved_from: [ \"y\", \"m.y\" ]") ";");
  EXPECT_EQ(upgrade.Field(2).action, FieldMapping::kDrop);
  EXPECT_EQ(upgrade.Field(3).action, FieldMapping::kSpread);
}

TEST(MappingTest, MessageThatStandsInSeveralPlacesMovesWithinItsElement) {
  Upgrade upgrade(
      "uint32 y = 2; repeated R r = 5; message R { uint32 x = 1; }",
      "M m = 6; repeated R r = 5; message R { uint32 x = 1; M m = "
      "2; } message M { uint32 y = 1 " F("moved_from: \"y\"") "; }");
  EXPECT_EQ(upgrade.Field(2).action, FieldMapping::kMove);
  EXPECT_EQ(upgrade.Field(2).path(), "m.y");
}

TEST(MappingTest, UndeclaredChangeIsRefused) {
  Upgrade upgrade("uint32 a = 1; uint32 b = 2; uint32 c = 3;",
                  "uint32 x = 1; string b = 2; uint32 c = 4;");
  EXPECT_EQ(upgrade.Field(1).action, FieldMapping::kRefuse);
  EXPECT_EQ(upgrade.Field(2).action, FieldMapping::kRefuse);
  EXPECT_EQ(upgrade.Field(3).action, FieldMapping::kRefuse);
  ASSERT_EQ(upgrade.mapping.root().sources.size(), 1u);
  EXPECT_EQ(upgrade.mapping.root().sources[0].source, SourceMapping::kRefuse);
}

TEST(MappingTest, WiderFieldIsFilledFromTheNarrowOne) {
  Upgrade upgrade("uint32 n = 1;",
                  "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;");
  const SourceMapping& source = upgrade.mapping.root().sources[0];
  EXPECT_EQ(source.source, SourceMapping::kFallback);
  EXPECT_EQ(source.from->name, "n");
}

TEST(MappingTest, WhatAStepTakesCareOfIsLeftToIt) {
  Upgrade upgrade("uint32 a = 1; uint32 b = 2;", "string a = 1; uint32 b = 2;",
                  {"a"});
  const FieldMapping& field = upgrade.Field(1);
  EXPECT_EQ(field.action, FieldMapping::kLeaveOut);
  ASSERT_EQ(field.differences.size(), 1u);
  EXPECT_EQ(field.differences[0].rule, &rules::kWireTypeChanged);
  EXPECT_EQ(field.differences[0].level, VERDICT_LEVEL_CONVERTED);
  EXPECT_EQ(upgrade.Field(2).action, FieldMapping::kCopy);
}

TEST(MappingTest, ConditionOfAFieldSaysHowManyValues) {
  Upgrade upgrade("repeated string a = 1;", "optional string a = 1;");
  const absl::optional<CountCondition>& count = upgrade.Field(1).count;
  ASSERT_TRUE(count.has_value());
  EXPECT_EQ(count->rule, &rules::kCardinalityChanged);
  EXPECT_EQ(count->low, 0u);
  EXPECT_EQ(count->high, 1u);
}

TEST(MappingTest, EnumValuesAreMappedByNumber) {
  Upgrade upgrade(
      "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; LATE = 7; }",
      "E e = 1; enum E { NONE = 0; ON = 3 "
      "[(devstate.enum_value).renumbered_from = 1]; PAUSED = 1; OFF = 2; }");
  const EnumMapping& enums = upgrade.Field(1).enums;
  EXPECT_EQ(enums.renumbered, (std::map<int, int>{{1, 3}}));
  EXPECT_EQ(enums.unknown, (std::set<int>{7}));
  EXPECT_FALSE(enums.zero_changes());
}

TEST(MappingTest, PlacesAreWorkedOutWhenTheyAreAskedFor) {
  // 2^40 places.
  std::string body = "M0 m = 1;";
  for (int i = 0; i < 40; ++i) {
    absl::StrAppend(&body, "message M", i, " { M", i + 1, " a = 1; M", i + 1,
                    " b = 2; }");
  }
  Upgrade upgrade(body + "message M40 { uint32 x = 1; }",
                  body + "message M40 { string x = 1; }");
  FieldMapping* field = &upgrade.Field(1);
  MessageMapping* message = nullptr;
  for (int i = 0; i <= 40; ++i) {
    message = upgrade.mapping.Inner(*field);
    ASSERT_NE(message, nullptr);
    field = &message->fields[0];
  }
  EXPECT_EQ(field->action, FieldMapping::kRefuse);
  EXPECT_EQ(message->place.depth, 42);
}

TEST(MappingTest, RecordsPassUnchangedWhereEveryColumnIsTheSame) {
  Upgrade renamed(InRecord("uint32 a = 1;"),
                  InRecord("uint32 b = 1 " F("renamed_from: \"a\"") ";"));
  EXPECT_TRUE(renamed.mapping.PassesUnchanged(renamed.Field(1)));
  Upgrade completed(InRecord("uint32 a = 1;"),
                    InRecord("uint32 a = 1; optional uint32 b = 2 " F(
                        "since: 2 absent_default: \"1\"") ";"));
  EXPECT_FALSE(completed.mapping.PassesUnchanged(completed.Field(1)));
}

}  // namespace
}  // namespace devstate
