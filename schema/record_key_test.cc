// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/record_key.h"

#include <string>
#include <vector>

#include "devstate/schema/schema_loader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The names of the key of `field` in a schema with this record and annotation.
std::vector<std::string> KeyOf(const std::string& record_option,
                               const std::string& annotation,
                               const std::string& members) {
  const std::string text =
      "syntax = \"proto3\";\n"
      "package k;\n"
      "import \"devstate/options.proto\";\n"
      "message Root {\n"
      "  option (devstate.message) = { schema: \"k\" version: 1 };\n"
      "  repeated Record records = 1 " +
      annotation + ";\n}\nmessage Record {\n" + record_option + members + "}\n";
  const auto schema = ParseSchema("k.proto", text, SchemaLoadOptions());
  EXPECT_TRUE(schema.ok()) << schema.status();
  const FieldModel& field = *schema->model().batches[0];
  std::vector<std::string> names;
  for (const uint16_t i : RecordKey(field)) {
    names.push_back(field.message->fields[i].name);
  }
  return names;
}

constexpr char kMembers[] =
    "  uint32 b = 2;\n  string a = 1;\n  optional uint32 c = 3;\n";
constexpr char kUniqueByB[] = "[(devstate.field).unique_by = \"b\"]";

TEST(RecordKeyTest, TheKeyOfTheMessageComesFirst) {
  EXPECT_THAT(KeyOf("option (devstate.message) = { key: \"a\" };\n", kUniqueByB,
                    kMembers),
              ElementsAre("a"));
}

TEST(RecordKeyTest, WithoutItUniqueByIsTheKey) {
  EXPECT_THAT(KeyOf("", kUniqueByB, kMembers), ElementsAre("b"));
}

TEST(RecordKeyTest, PartsAreInOrderOfNumber) {
  EXPECT_THAT(KeyOf("option (devstate.message) = { key: [\"b\", \"a\"] };\n",
                    "", kMembers),
              ElementsAre("a", "b"));
}

TEST(RecordKeyTest, WithoutAnnotationThereIsNoKey) {
  EXPECT_THAT(KeyOf("", "", kMembers), IsEmpty());
}

TEST(RecordKeyTest, APartThatMayBeAbsentIsNoKey) {
  EXPECT_THAT(
      KeyOf("", "[(devstate.field).unique_by = \"c\"]", kMembers), IsEmpty());
}

}  // namespace
}  // namespace devstate
