// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/constraints.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

template <typename T>
NumberConstraint<T> Between(T low, T high) {
  return {/*bounded=*/true,
          low,
          high,
          /*not_zero=*/false,
          /*power_of_two=*/false,
          /*one_of=*/{},
          /*may_be_unused=*/false,
          /*required=*/false,
          /*sensitive=*/false,
          /*unit=*/"",
          /*allowed=*/"what is allowed"};
}

template <typename T>
NumberConstraint<T> OneOf(const std::vector<T>& values) {
  NumberConstraint<T> constraint = Between(values.front(), values.back());
  constraint.one_of = values;
  return constraint;
}

template <typename T>
NumberConstraint<T> PowerOfTwo(T low, T high) {
  NumberConstraint<T> constraint = Between(low, high);
  constraint.power_of_two = true;
  return constraint;
}

template <typename T>
std::string Violation(const std::vector<T>& values,
                      const NumberConstraint<T>& constraint,
                      RowKind rows = RowKind::kRecord) {
  std::vector<typename NumberTraits<T>::Bits> bits;
  for (const T value : values) bits.push_back(NumberTraits<T>::ToBits(value));
  return FindViolation<T>(bits, constraint, rows).text;
}

template <typename T>
bool Allows(const NumberConstraint<T>& constraint, T value) {
  return Violation<T>({value}, constraint).empty();
}

TEST(NumberConstraintTest, NamesRowValueAndWhatIsAllowed) {
  EXPECT_EQ(Violation<int32_t>({3, 9, -9}, Between<int32_t>(1, 5)),
            "record 1 of the batch has 9, allowed is what is allowed");
  NumberConstraint<uint32_t> lengths = Between<uint32_t>(0, 2);
  lengths.unit = " bytes";
  EXPECT_EQ(Violation<uint32_t>({3}, lengths, RowKind::kOccurrence),
            "occurrence 0 in the batch has 3 bytes, allowed is what is "
            "allowed");
  lengths.sensitive = true;
  EXPECT_EQ(Violation<uint32_t>({3}, lengths),
            "record 0 of the batch has a value that is not shown, allowed is "
            "what is allowed");
}

TEST(NumberConstraintTest, OfNoValueIsNotBroken) {
  EXPECT_EQ(Violation<uint64_t>({}, Between<uint64_t>(1, 5)), "");
}

// Vectors have ends.
TEST(NumberConstraintTest, FindsTheOneWhereverItIs) {
  const std::vector<int64_t> choices = {-7, 5, 8};
  for (const auto& constraint :
       {Between<int64_t>(5, 8), PowerOfTwo<int64_t>(8, 64), OneOf(choices)}) {
    for (size_t size = 1; size < 70; ++size) {
      std::vector<int64_t> values(size, 8);
      ASSERT_EQ(Violation(values, constraint), "");
      for (size_t i = 0; i < size; ++i) {
        values[i] = 1000;
        ASSERT_EQ(Violation(values, constraint),
                  RowText(RowKind::kRecord, i) +
                      " has 1000, allowed is what is allowed");
        values[i] = 8;
      }
    }
  }
}

template <typename T>
class IntegerConstraints : public ::testing::Test {};
using Integers = ::testing::Types<int32_t, int64_t, uint32_t, uint64_t>;
TYPED_TEST_SUITE(IntegerConstraints, Integers);

TYPED_TEST(IntegerConstraints, HoldToTheExtremesOfTheType) {
  using T = TypeParam;
  constexpr T kMin = std::numeric_limits<T>::min();
  constexpr T kMax = std::numeric_limits<T>::max();
  const std::vector<T> values = {kMin,
                                 static_cast<T>(kMin + 1),
                                 0,
                                 1,
                                 5,
                                 static_cast<T>(kMax / 2),
                                 static_cast<T>(kMax / 2 + 1),
                                 static_cast<T>(kMax - 1),
                                 kMax};
  for (const T low : values) {
    for (const T high : values) {
      if (low > high) continue;
      for (const T value : values) {
        EXPECT_EQ(Allows(Between(low, high), value),
                  value >= low && value <= high)
            << value << " in " << low << " to " << high;
      }
    }
  }
}

TYPED_TEST(IntegerConstraints, KnowPowersOfTwo) {
  using T = TypeParam;
  const auto constraint = PowerOfTwo<T>(1, std::numeric_limits<T>::max());
  for (int bit = 0; bit < std::numeric_limits<T>::digits; ++bit) {
    const T power = static_cast<T>(T{1} << bit);
    EXPECT_TRUE(Allows(constraint, power)) << power;
    EXPECT_EQ(Allows(constraint, static_cast<T>(power - 1)), bit == 1) << power;
    EXPECT_EQ(Allows(constraint, static_cast<T>(power | 1)), bit == 0) << power;
  }
  EXPECT_EQ(Allows(constraint, std::numeric_limits<T>::min()), false);
}

// Sets that fit into 64 bits, that do not, and that have one value.
TYPED_TEST(IntegerConstraints, KnowTheOnlyValues) {
  using T = TypeParam;
  constexpr T kMin = std::numeric_limits<T>::min();
  constexpr T kMax = std::numeric_limits<T>::max();
  const std::vector<T> sets[] = {
      {0, 1, 63}, {1, 64},   {0, 64},    {kMin, kMax},
      {kMax},     {kMin, 5}, {100, 163}, {kMin, static_cast<T>(kMin + 63)}};
  const std::vector<T> values = {kMin,
                                 static_cast<T>(kMin + 1),
                                 static_cast<T>(kMin + 63),
                                 0,
                                 1,
                                 5,
                                 63,
                                 64,
                                 65,
                                 100,
                                 163,
                                 164,
                                 static_cast<T>(kMax - 1),
                                 kMax};
  for (const auto& set : sets) {
    for (const T value : values) {
      EXPECT_EQ(Allows(OneOf(set), value),
                std::find(set.begin(), set.end(), value) != set.end())
          << value;
    }
  }
}

template <typename T>
class FloatConstraints : public ::testing::Test {};
using Floats = ::testing::Types<float, double>;
TYPED_TEST_SUITE(FloatConstraints, Floats);

TYPED_TEST(FloatConstraints, RefuseNaNOnlyWhereABoundIs) {
  using T = TypeParam;
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
  const auto bounded = Between<T>(-1, kInfinity);
  EXPECT_TRUE(Allows<T>(bounded, -1));
  EXPECT_TRUE(Allows<T>(bounded, -T{0}));
  EXPECT_TRUE(Allows<T>(bounded, kInfinity));
  EXPECT_FALSE(Allows<T>(bounded, std::nextafter(T{-1}, -kInfinity)));
  EXPECT_FALSE(Allows<T>(bounded, -kInfinity));
  EXPECT_FALSE(Allows<T>(bounded, kNaN));
  EXPECT_FALSE(Allows<T>(bounded, -kNaN));
  NumberConstraint<T> required = {};
  required.not_zero = true;
  EXPECT_TRUE(Allows<T>(required, kNaN));
  // As protobuf has it: it would be written.
  EXPECT_TRUE(Allows<T>(required, -T{0}));
  EXPECT_FALSE(Allows<T>(required, 0));
}

TEST(NumberConstraintTest, ZeroMayMeanThatAFeatureIsNotUsed) {
  NumberConstraint<uint32_t> constraint = Between<uint32_t>(1, 5);
  constraint.may_be_unused = true;
  EXPECT_EQ(Violation<uint32_t>({0, 0, 0}, constraint), "");
  EXPECT_EQ(Violation<uint32_t>({0, 1, 0}, constraint), "");
  EXPECT_EQ(Violation<uint32_t>({0, 6}, constraint),
            "record 1 of the batch has 6, allowed is what is allowed");
}

TEST(NumberConstraintTest, BoolsCanBeRequired) {
  NumberConstraint<bool> required = {};
  required.not_zero = true;
  EXPECT_TRUE(Allows(required, true));
  EXPECT_FALSE(Allows(required, false));
}

TEST(BoundsEntryTest, RowsBehindTheLastNumberHaveZero) {
  const std::vector<uint32_t> counts = {1, 2};
  const NumbersView numbers = {ScalarType::kUint32, counts.data(),
                               counts.size(), /*constant=*/false};
  const auto violation = [&](size_t rows, uint64_t low) {
    BoundsEntry bounds = {};
    bounds.bounded = true;
    bounds.low = low;
    bounds.high = 2;
    bounds.unit = " items";
    bounds.allowed = "what is allowed";
    return FindViolation(numbers, rows, bounds, RowKind::kRecord).text;
  };
  EXPECT_EQ(violation(2, 1), "");
  EXPECT_EQ(violation(3, 0), "");
  EXPECT_EQ(violation(3, 1),
            "record 2 of the batch has 0 items, allowed is what is allowed");
}

TEST(BoundsEntryTest, BoundsAreOfTheColumnsOwnType) {
  const int32_t value = -7;
  const uint32_t bits = NumberTraits<int32_t>::ToBits(value);
  BoundsEntry bounds = {};
  bounds.bounded = true;
  bounds.low = static_cast<uint64_t>(int64_t{-8});
  bounds.high = static_cast<uint64_t>(int64_t{-6});
  bounds.unit = "";
  bounds.allowed = "";
  const uint64_t choices[] = {static_cast<uint64_t>(int64_t{-8}),
                              static_cast<uint64_t>(int64_t{-6})};
  const NumbersView numbers = {ScalarType::kInt32, &bits, 1,
                               /*constant=*/false};
  EXPECT_EQ(FindViolation(numbers, 1, bounds, RowKind::kRecord).text, "");
  bounds.one_of = choices;
  EXPECT_NE(FindViolation(numbers, 1, bounds, RowKind::kRecord).text, "");

  const float half = 0.5f;
  uint32_t half_bits;
  std::memcpy(&half_bits, &half, sizeof(half_bits));
  bounds.one_of = {};
  bounds.low = 0;
  bounds.high = half_bits;
  const NumbersView floats = {ScalarType::kFloat, &half_bits, 1,
                              /*constant=*/false};
  EXPECT_EQ(FindViolation(floats, 1, bounds, RowKind::kRecord).text, "");
  bounds.high = half_bits - 1;
  EXPECT_NE(FindViolation(floats, 1, bounds, RowKind::kRecord).text, "");
}

TEST(EnumTest, NamesTheRowOfTheFirstNumberWithoutAName) {
  // With a gap, and wider than 64.
  for (const std::vector<int32_t>& values :
       {std::vector<int32_t>{0, 1, 2}, {-5, 0, 2}, {0, 2, 100}}) {
    std::vector<uint32_t> bits;
    for (const int32_t value : values) {
      bits.push_back(NumberTraits<int32_t>::ToBits(value));
    }
    const auto status = [&] {
      return ValidateEnum({ScalarType::kInt32, bits.data(), bits.size(),
                           /*constant=*/false},
                          values, RowKind::kOccurrence);
    };
    EXPECT_TRUE(status().ok()) << status();
    for (const int32_t unnamed : {-6, -1, 3, 99, 101, INT32_MAX, INT32_MIN}) {
      bits.push_back(NumberTraits<int32_t>::ToBits(unnamed));
      EXPECT_EQ(status().message(),
                absl::StrCat("occurrence 3 in the batch has ", unnamed,
                             ", allowed are the values that the enum names"));
      bits.pop_back();
    }
  }
}

}  // namespace
}  // namespace devstate
