// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/diff.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/compat/diff_cases.h"
#include "devstate/compat/diff_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::CheckChange;
using ::devstate::testing::CheckChanges;
using ::devstate::testing::Describe;
using ::devstate::testing::EnumsChanges;
using ::devstate::testing::FieldsThatOneSideLacksChanges;
using ::devstate::testing::InRecord;
using ::devstate::testing::NamesAndNumbersChanges;
using ::devstate::testing::OneofsChanges;
using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;

#define F(annotations) "[(devstate.field) = { " annotations " }]"

TEST(DiffTest, FieldsThatOneSideLacks) {
  CheckChanges(FieldsThatOneSideLacksChanges());
}

TEST(DiffTest, NamesAndNumbers) { CheckChanges(NamesAndNumbersChanges()); }

TEST(DiffTest, Enums) { CheckChanges(EnumsChanges()); }

TEST(DiffTest, Oneofs) { CheckChanges(OneofsChanges()); }

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
  EXPECT_EQ(verdict.level, VERDICT_LEVEL_REFUSED);
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
  EXPECT_EQ(verdict.level, VERDICT_LEVEL_REFUSED);
  // 200 KB each.
  EXPECT_LT(verdict.findings.size(), 100u);
  EXPECT_EQ(verdict.findings.front().rule(), "too-many-findings");
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
