// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/diff.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compat/diff_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::Change;
using ::devstate::testing::CheckChange;
using ::devstate::testing::Describe;
using ::devstate::testing::InRecord;
using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;

#define F(annotations) "[(devstate.field) = { " annotations " }]"

TEST(DiffTest, FieldsThatOneSideLacks) {
  const Change kChanges[] = {
      {"critical field added", "uint32 a = 1;", "uint32 a = 1; uint32 b = 2;",
       "defaulted field-defaulted",
       "conditional unknown-critical: field 2 (b) is absent or zero"},
      {"critical optional field added", "", "optional uint32 b = 2;",
       "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent"},
      {"critical text added", "", "string b = 2;", "defaulted field-defaulted",
       "conditional unknown-critical: field 2 (b) is absent or empty"},
      {"repeated field added", "", "repeated uint32 b = 2;",
       "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent (has no element)"},
      {"message added", "", "M b = 2; message M { uint32 x = 1; }",
       "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent"},
      {"ignorable field added", "", "uint32 b = 2 " F("ignorable: true") ";",
       "defaulted field-defaulted", "lossy ignorable-dropped"},
      {"field of a feature added", "",
       "optional uint32 b = 2 " F("feature: \"RSS\"") ";",
       "compatible field-absent",
       "conditional unknown-critical: feature RSS is not used: field 2 (b) is "
       "absent"},
      {"private field added", "",
       "optional uint32 b = 2 " F("owner: \"x\"") ";",
       "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent"},
      {"required field added", "", "uint32 b = 2 " F("required: true") ";",
       "refused required-missing", "refused unknown-critical"},
      {"required field with default added", "",
       "optional uint32 b = 2 " F(
           "required: true since: 2 absent_default: \"7\"") ";",
       "defaulted field-defaulted", "refused unknown-critical"},
      {"field that is never zero added", "", "uint32 b = 2 " F("min: 1") ";",
       "refused default-out-of-bounds", "refused unknown-critical"},
      {"field removed", "uint32 b = 2;", "",
       "conditional removed-critical: field 2 (b) is absent or zero",
       "defaulted field-defaulted"},
      {"field removed with its number reserved", "uint32 b = 2;", "reserved 2;",
       "conditional removed-critical: field 2 (b) is absent or zero",
       "defaulted field-defaulted"},
      {"ignorable field removed", "uint32 b = 2 " F("ignorable: true") ";",
       "option (devstate.message).tombstone = { number: 2 name: \"b\" type: "
       "\"uint32\" ignorable: true last_written: 1 };",
       "lossy ignorable-dropped", "defaulted field-defaulted"},
      {"required field removed", "uint32 b = 2 " F("required: true") ";", "",
       "refused removed-critical", "refused required-missing"},
      {"field no longer written", "uint32 b = 2;",
       "uint32 b = 2 " F("write_until: 1") ";", "compatible ",
       "defaulted no-longer-written"},
      {"required field no longer written",
       "uint32 b = 2 " F("required: true") ";",
       "uint32 b = 2 " F("write_until: 1") ";", "compatible ",
       "refused no-longer-written"},
      {"message split without a declaration",
       "M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "M m = 1; N n = 2; message M { reserved 2; uint32 x = 1; } message N { "
       "uint32 y = 1; }",
       "conditional field-absent,removed-critical: field 2 (y) is absent or "
       "zero",
       "conditional field-defaulted,unknown-critical: field 2 (n) is absent"},
      {"message split as declared",
       "M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "M m = 1; N n = 2; message M { reserved 2; uint32 x = 1; } message N { "
       "uint32 y = 1 " F("moved_from: \"m.y\"") "; }",
       "converted field-absent,field-moved", "converted field-moved"},
      {"move out of repeated messages",
       "repeated M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "repeated M m = 1; uint32 y = 2 " F(
           "moved_from: \"m.y\"") "; message M "
                                  "{ uint32 x = 1; }",
       "refused field-moved", "refused field-moved"},
      {"moved field with another unit", "uint32 y = 2 " F("unit: \"ms\"") ";",
       "M m = 3; message M { uint32 y = 1 " F(
           "moved_from: \"y\" unit: \"us\"") "; }",
       "refused field-absent,field-moved,unit-changed",
       "refused field-moved,unit-changed"},
      {"wider field beside the narrow one", "uint32 n = 1;",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;",
       "converted fallback-field",
       "conditional fallback-field: field 2 (w) is at most 4294967295"},
      {"wider field that is bounded", "uint32 n = 1;",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2 " F(
           "max: 1000") ";",
       "converted fallback-field", "converted fallback-field"},
  };
  for (const Change& change : kChanges) {
    CheckChange(change.name, SchemaText(1, change.old_body),
                SchemaText(2, change.new_body), change.upgrade,
                change.downgrade);
  }
}

TEST(DiffTest, NamesAndNumbers) {
  const Change kChanges[] = {
      {"rename without a declaration", "uint32 a = 1;", "uint32 b = 1;",
       "refused another-field", "refused another-field"},
      {"rename as declared", "uint32 a = 1;",
       "uint32 b = 1 " F("renamed_from: \"a\"") ";", "converted field-renamed",
       "converted field-renamed"},
      {"rename that changes the unit", "uint32 t_ms = 1;",
       "uint32 t_us = 1 " F("renamed_from: \"t_ms\"") ";",
       "refused field-renamed,unit-changed",
       "refused field-renamed,unit-changed"},
      {"two numbers swapped", "uint32 a = 1; uint32 b = 2;",
       "uint32 b = 1; uint32 a = 2;", "refused numbers-swapped",
       "refused numbers-swapped"},
      {"field renumbered", "uint32 a = 1;", "uint32 a = 5;",
       "refused field-renumbered", "refused field-renumbered"},
      {"number given to another field", "uint32 a = 1; string b = 2;",
       "uint32 a = 1; bytes c = 2;", "refused another-field",
       "refused another-field"},
      {"same name on a new number after a tombstone", "uint32 a = 1;",
       "option (devstate.message).tombstone = { number: 1 name: \"a\" type: "
       "\"uint32\" last_written: 1 }; optional uint64 a = 5;",
       "conditional field-absent,removed-critical: field 1 (a) is absent or "
       "zero",
       "conditional field-defaulted,unknown-critical: field 5 (a) is absent"},
      {"messages renamed", "M m = 1; message M { uint32 x = 1; }",
       "N m = 1; message N { uint32 x = 1; }", "compatible ", "compatible "},
  };
  for (const Change& change : kChanges) {
    CheckChange(change.name, SchemaText(1, change.old_body),
                SchemaText(2, change.new_body), change.upgrade,
                change.downgrade);
  }
}

TEST(DiffTest, Enums) {
  const Change kChanges[] = {
      {"value added", "E e = 1; enum E { NONE = 0; ON = 1; }",
       "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }", "compatible ",
       "conditional enum-value-unknown: field 1 (e) is not OFF (2)"},
      {"value removed", "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; ON = 1; reserved 2; }",
       "conditional enum-value-unknown: field 1 (e) is not OFF (2)",
       "compatible "},
      {"two values added, optional field",
       "optional E e = 1; enum E { NONE = 0; }",
       "optional E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }", "compatible ",
       "conditional enum-value-unknown: field 1 (e), if present, is none of ON "
       "(1), OFF (2)"},
      {"values swapped", "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; OFF = 1; ON = 2; }",
       "refused enum-value-renumbered", "refused enum-value-renumbered"},
      {"value renumbered", "E e = 1; enum E { NONE = 0; ON = 1; }",
       "E e = 1; enum E { NONE = 0; ON = 3; }", "refused enum-value-renumbered",
       "refused enum-value-renumbered"},
      {"one value renamed", "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; ON = 1; HALTED = 2; }",
       "compatible enum-value-renamed", "compatible enum-value-renamed"},
      {"other values on the same numbers",
       "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; RED = 1; BLUE = 2; }",
       "refused enum-replaced", "refused enum-replaced"},
      {"prefix of all values renamed",
       "E e = 1; enum E { E_NONE = 0; E_ON = 1; E_OFF = 2; }",
       "E e = 1; enum E { NEW_NONE = 0; NEW_ON = 1; NEW_OFF = 2; }",
       "compatible enum-value-renamed", "compatible enum-value-renamed"},
      {"order of the text", "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; OFF = 2; ON = 1; }", "compatible ",
       "compatible "},
  };
  for (const Change& change : kChanges) {
    CheckChange(change.name, SchemaText(1, change.old_body),
                SchemaText(2, change.new_body), change.upgrade,
                change.downgrade);
  }
}

TEST(DiffTest, Oneofs) {
  const Change kChanges[] = {
      {"one field put into a oneof of its own", "optional uint32 a = 1;",
       "oneof k { uint32 a = 1; }", "compatible ", "compatible "},
      {"two fields joined", "optional uint32 a = 1; optional uint32 b = 2;",
       "oneof k { uint32 a = 1; uint32 b = 2; }",
       "conditional oneof-joined: at most one of the fields a (1), b (2) is "
       "present",
       "compatible oneof-split"},
      {"members of two oneofs joined",
       "oneof k { uint32 a = 1; uint32 c = 3; } oneof l { uint32 b = 2; }",
       "oneof k { uint32 a = 1; uint32 b = 2; } optional uint32 c = 3;",
       "conditional oneof-joined,oneof-split: at most one of the fields a (1), "
       "b (2) is present",
       "conditional oneof-joined,oneof-split: at most one of the fields a (1), "
       "c (3) is present"},
      {"oneof renamed", "oneof k { uint32 a = 1; uint32 b = 2; }",
       "oneof l { uint32 a = 1; uint32 b = 2; }", "compatible ", "compatible "},
      {"member added", "oneof k { uint32 a = 1; }",
       "oneof k { uint32 a = 1; string b = 2; }", "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent"},
  };
  for (const Change& change : kChanges) {
    CheckChange(change.name, SchemaText(1, change.old_body),
                SchemaText(2, change.new_body), change.upgrade,
                change.downgrade);
  }
}

TEST(DiffTest, SameSchemaIsIdentical) {
  CheckChange("same", SchemaText(1, "uint32 a = 1; string b = 2;"),
              SchemaText(1, "string b = 2; uint32 a = 1;"), "identical ",
              "identical ");
}

TEST(DiffTest, VersionAloneIsCompatible) {
  CheckChange("version", SchemaText(1, "uint32 a = 1;"),
              SchemaText(2, "uint32 a = 1;"), "compatible ", "compatible ");
}

TEST(DiffTest, DeviceAndSchemaMustBeTheSame) {
  std::string other = SchemaText(2, "");
  other.replace(other.find("\"d\""), 3, "\"e\"");
  CheckChange("device", SchemaText(1, ""), other, "refused wrong-device",
              "refused wrong-device");
  other = SchemaText(2, "");
  other.replace(other.find("\"t\""), 3, "\"u\"");
  CheckChange("schema", SchemaText(1, ""), other, "refused wrong-schema",
              "refused wrong-schema");
}

TEST(DiffTest, MinReaderStopsTheDowngrade) {
  CheckChange("min_reader", SchemaText(1, ""),
              SchemaText(2, "", "min_reader: 2"), "compatible ",
              "refused too-new");
  CheckChange("min_reader below", SchemaText(1, ""),
              SchemaText(2, "", "min_reader: 1"), "compatible ", "compatible ");
}

TEST(DiffTest, ConditionsNameTheRecord) {
  CheckChange("record", SchemaText(1, InRecord("uint32 a = 1;")),
              SchemaText(2, InRecord("uint32 a = 1; optional uint32 b = 5;")),
              "compatible field-absent",
              "conditional unknown-critical: field 5 (b) is absent in every R");
  CheckChange(
      "map", SchemaText(1, "map<string, M> m = 1; message M { uint32 a = 1; }"),
      SchemaText(2,
                 "map<string, M> m = 1; message M { uint32 a = 1; "
                 "uint32 b = 2; }"),
      "defaulted field-defaulted",
      "conditional unknown-critical: field 2 (b) is absent or zero in "
      "every M");
}

TEST(DiffTest, RecursiveAndSharedTypesEnd) {
  CheckChange("recursive", SchemaText(1, "N n = 1; message N { N next = 1; }"),
              SchemaText(2, "N n = 1; message N { N next = 1; uint32 x = 2; }"),
              "defaulted field-defaulted",
              "conditional unknown-critical: field 2 (x) is absent or zero");
  // 2^40 paths, with a finding at the end of each.
  std::string body = "M0 m = 1;";
  for (int i = 0; i < 40; ++i) {
    absl::StrAppend(&body, "message M", i, " { M", i + 1, " a = 1; M", i + 1,
                    " b = 2; }");
  }
  const LoadedSchema older =
      Parse(SchemaText(1, body + "message M40 { uint32 x = 1; }"));
  const LoadedSchema newer =
      Parse(SchemaText(2, body + "message M40 { string x = 1; }"));
  const DirectionVerdict verdict =
      CompareSchemas(older.model(), newer.model(), Direction::kUpgrade);
  EXPECT_EQ(verdict.level, REFUSED);
  EXPECT_LT(verdict.findings.size(), 10100u);
}

TEST(DiffTest, TextOfFindingsIsBounded) {
  const std::string name(20000, 'n');
  std::string body = "M0 m = 1;";
  for (int i = 0; i < 10; ++i) {
    absl::StrAppend(&body, "message M", i, " { M", i + 1, " ", name, " = 1; }");
  }
  const auto with = [&](const std::string& type) {
    std::string last;
    for (int i = 1; i < 2000; ++i) {
      absl::StrAppend(&last, type, " x", i, " = ", i, ";");
    }
    return Parse(SchemaText(1, absl::StrCat(body, "message M10 {", last, "}")));
  };
  const LoadedSchema older = with("uint32");
  const LoadedSchema newer = with("string");
  const DirectionVerdict verdict =
      CompareSchemas(older.model(), newer.model(), Direction::kUpgrade);
  EXPECT_EQ(verdict.level, REFUSED);
  // 200 KB each.
  EXPECT_LT(verdict.findings.size(), 100u);
  EXPECT_EQ(verdict.findings.front().rule, "too-many-findings");
}

TEST(DiffTest, NestingIsBounded) {
  std::string body = "M0 m = 1;";
  for (int i = 0; i < 150; ++i) {
    absl::StrAppend(&body, "message M", i, " { M", i + 1, " a = 1; }");
  }
  const LoadedSchema older = Parse(SchemaText(1, body + "message M150 {}"));
  const LoadedSchema newer = Parse(SchemaText(2, body + "message M150 {}"));
  EXPECT_EQ(Describe(CompareSchemas(older.model(), newer.model(),
                                    Direction::kUpgrade)),
            "refused nesting-too-deep");
}

class LineageTest : public ::testing::Test {
 protected:
  // The verdict of the first and the last of `bodies` with all as lineage.
  std::string Upgrade(const std::vector<std::string>& bodies) {
    std::vector<LoadedSchema> schemas;
    for (size_t i = 0; i < bodies.size(); ++i) {
      schemas.push_back(Parse(SchemaText(static_cast<int>(i) + 1, bodies[i])));
    }
    std::vector<const SchemaModel*> models;
    for (const LoadedSchema& schema : schemas)
      models.push_back(&schema.model());
    const Lineage lineage(models, "t");
    return Describe(CompareSchemas(*models.front(), *models.back(),
                                   Direction::kUpgrade, &lineage));
  }
};

TEST_F(LineageTest, NumberThatWasFreeInBetweenIsAnotherField) {
  EXPECT_EQ(Upgrade({"uint32 a = 1;", "uint32 a = 1;"}), "compatible ");
  EXPECT_EQ(Upgrade({"uint32 a = 1;", "", "uint32 a = 1;"}),
            "refused number-reused");
}

TEST_F(LineageTest, EnumValueThatWasFreeInBetweenIsAnother) {
  EXPECT_EQ(Upgrade({"E e = 1; enum E { NONE = 0; A = 1; }",
                     "E e = 1; enum E { NONE = 0; }",
                     "E e = 1; enum E { NONE = 0; A = 1; }"}),
            "refused enum-value-reused");
}

TEST_F(LineageTest, ChainOfRenamesIsFollowed) {
  EXPECT_EQ(
      Upgrade({"uint32 a = 1;", "uint32 b = 1 " F("renamed_from: \"a\"") ";",
               "uint32 c = 1 " F("renamed_from: \"b\"") ";"}),
      "converted field-renamed");
  EXPECT_EQ(Upgrade({"uint32 a = 1;", "uint32 b = 1;",
                     "uint32 c = 1 " F("renamed_from: \"b\"") ";"}),
            "refused another-field");
}

TEST_F(LineageTest, RenamesThatAreASwapByNameAreStillRenames) {
  EXPECT_EQ(
      Upgrade({"uint32 a = 1; uint32 b = 2;",
               "uint32 x = 1 " F("renamed_from: \"a\"") "; uint32 b = 2;",
               "uint32 x = 1; uint32 a = 2 " F("renamed_from: \"b\"") ";",
               "uint32 b = 1 " F("renamed_from: \"x\"") "; uint32 a = 2;"}),
      "converted field-renamed");
}

}  // namespace
}  // namespace devstate
