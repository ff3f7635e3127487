// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/number_conversion.h"

#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/diff_testing.h"
#include "devstate/schema/value_set.h"
#include "devstate/serializer/number_column.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::absl::int128;

// One field of each integer type.
LoadedSchema Integers() {
  return testing::Parse(testing::SchemaText(
      1,
      "bool a = 1; uint32 b = 2; uint64 c = 3; int32 d = 4; int64 e = 5; "
      "sint32 f = 6; sint64 g = 7; fixed32 h = 8; fixed64 i = 9; sfixed32 j = "
      "10; sfixed64 k = 11; E l = 12; enum E { NONE = 0; ON = 1; MINUS = -3; "
      "TOP = 2147483647; }"));
}

std::vector<int128> EdgeValues() {
  std::vector<int128> values;
  for (const int bit : {0, 1, 2, 9, 10, 31, 32, 62, 63}) {
    for (const int delta : {-1, 0, 1}) {
      values.push_back((int128(1) << bit) + delta);
      values.push_back(-(int128(1) << bit) + delta);
    }
  }
  values.push_back((int128(1) << 64) - 1);
  values.push_back(-3);
  values.push_back(3000);
  values.push_back(-3072);
  return values;
}

// What travels for a number that `field` has.
uint64_t BitsOf(int128 value, const FieldModel& field) {
  return field.column_kind == ValueKind::kSigned
             ? ZigZag(static_cast<int64_t>(value))
             : static_cast<uint64_t>(value);
}

TEST(NumberConversionTest, IntegersArriveAsTheNumbersThatTheyAre) {
  const LoadedSchema schema = Integers();
  const UnitScale kScales[] = {{1, 1}, {1000, 1}, {1, 1024}};
  for (const FieldModel& from : schema.model().root->fields) {
    for (const FieldModel& to : schema.model().root->fields) {
      for (const UnitScale& scale : kScales) {
        const NumberConversion conversion(from, to, scale);
        ASSERT_TRUE(conversion.exists());
        for (const int128 value : EdgeValues()) {
          if (!ValuesOfType(from).Contains(value)) continue;
          const std::string what = absl::StrCat(
              from.type_text, " ", NumberText(value), " to ", to.type_text,
              " * ", scale.multiplier, " / ", scale.divisor);
          const int128 scaled = value * scale.multiplier / scale.divisor;
          const bool arrives =
              value % scale.divisor == 0 && ValuesOfType(to).Contains(scaled);
          uint64_t bits = BitsOf(value, from);
          ASSERT_EQ(conversion.Convert(&bits), arrives) << what;
          uint64_t all[] = {0, BitsOf(value, from)};
          bool changed = false;
          ASSERT_EQ(conversion.ConvertAll(all, 2, &changed), arrives) << what;
          if (arrives) {
            EXPECT_EQ(bits, BitsOf(scaled, to)) << what;
            EXPECT_EQ(all[0], 0u) << what;
            EXPECT_EQ(all[1], bits) << what;
            EXPECT_EQ(changed, bits != BitsOf(value, from)) << what;
            EXPECT_TRUE(NumberType(to).ToNumber(bits).integer == scaled)
                << what;
          }
        }
      }
    }
  }
}

TEST(NumberConversionTest, NumbersThatTheWriterCannotHaveAreRefused) {
  const LoadedSchema schema = Integers();
  const MessageModel& root = *schema.model().root;
  const NumberConversion widened(*root.FindName("b"), *root.FindName("c"), {});
  uint64_t bits = uint64_t{1} << 32;
  EXPECT_FALSE(widened.Convert(&bits));
  const NumberConversion of_bool(*root.FindName("a"), *root.FindName("b"), {});
  bits = 2;
  EXPECT_FALSE(of_bool.Convert(&bits));
  const NumberConversion of_enum(*root.FindName("l"), *root.FindName("d"), {});
  bits = ZigZag(2);
  EXPECT_FALSE(of_enum.Convert(&bits));
}

TEST(NumberConversionTest, ValuesOfEnumsGetTheReadersNumbers) {
  const LoadedSchema schema = Integers();
  const FieldModel& field = *schema.model().root->FindName("l");
  EnumMapping enums;
  enums.renumbered = {{0, 1}, {1, -3}};
  enums.unknown = {-3};
  const NumberConversion conversion(field, field, {}, enums);
  ASSERT_TRUE(conversion.exists());
  EXPECT_FALSE(conversion.trivial());
  uint64_t bits[] = {ZigZag(0), ZigZag(1), ZigZag(2147483647)};
  bool changed = false;
  ASSERT_TRUE(conversion.ConvertAll(bits, 3, &changed));
  EXPECT_TRUE(changed);
  EXPECT_EQ(bits[0], ZigZag(1));
  EXPECT_EQ(bits[1], ZigZag(-3));
  EXPECT_EQ(bits[2], ZigZag(2147483647));
  uint64_t unknown = ZigZag(-3);
  EXPECT_FALSE(conversion.Convert(&unknown));
  EXPECT_FALSE(NumberConversion(field, field, UnitScale(), enums).exists());
}

TEST(NumberConversionTest, NothingHasToBeDoneForTheSameType) {
  const LoadedSchema schema = testing::Parse(testing::SchemaText(
      1,
      "uint32 a = 1; float b = 2; E c = 3; F d = 4; double e = 5; enum E { X0 "
      "= 0; } enum F { Y0 = 0; Y1 = 1; }"));
  const MessageModel& root = *schema.model().root;
  const auto trivial = [&](const char* from, const char* to) {
    const NumberConversion conversion(*root.FindName(from), *root.FindName(to),
                                      {});
    return conversion.exists() && conversion.trivial();
  };
  EXPECT_TRUE(trivial("a", "a"));
  EXPECT_TRUE(trivial("b", "b"));
  EXPECT_TRUE(trivial("c", "d"));
  EXPECT_FALSE(trivial("d", "c"));
  EXPECT_FALSE(trivial("a", "c"));
  EXPECT_FALSE(
      NumberConversion(*root.FindName("b"), *root.FindName("e"), {}).exists());
}

TEST(NumberTypeTest, NumbersAndWhatTravelsForThemAreOne) {
  const LoadedSchema schema = testing::Parse(testing::SchemaText(
      1, "uint32 a = 1; sint32 b = 2; float c = 3; double d = 4;"));
  for (const FieldModel& field : schema.model().root->fields) {
    const NumberType type(field);
    for (const uint64_t bits : {0u, 1u, 5u, 0x3f000000u, 0xc0200000u}) {
      uint64_t again = 0;
      ASSERT_TRUE(type.FromNumber(type.ToNumber(bits), &again)) << field.name;
      EXPECT_EQ(again, bits) << field.name;
    }
    uint64_t bits;
    Number too_large;
    too_large.integer = int128(1) << 32;
    EXPECT_FALSE(type.FromNumber(too_large, &bits)) << field.name;
  }
}

}  // namespace
}  // namespace devstate
