// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/number_column.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "devstate/columns.pb.h"
#include "devstate/serializer/column_encoding.h"
#include "devstate/serializer/test_columns.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/hex_bytes.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::DecodeColumn;
using ::devstate::testing::EncodeField;
using ::devstate::testing::IsOk;
using ::devstate::testing::ParseStock;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

// vector<bool> has no data().
template <typename T>
using Values = std::vector<T>;

template <typename T>
std::string Encode(const Values<T>& values, bool plain = false) {
  NumberColumnBuilder<T> builder;
  for (const T value : values) builder.Append(value);
  MessageWriter::ColumnOptions options;
  options.plain = plain;
  return EncodeField(options,
                     [&](MessageWriter& out) { builder.Encode(1, out); });
}

template <typename T>
bool SameBits(T a, T b) {
  return NumberTraits<T>::ToBits(a) == NumberTraits<T>::ToBits(b);
}

template <typename T>
void ExpectComesBack(const std::string& column, const Values<T>& values) {
  NumberColumnReader<T> reader;
  if (column == "absent") {
    reader.SetDefault();
  } else {
    ASSERT_THAT(DecodeColumn(reader, column, values.size()), IsOk());
  }
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_TRUE(SameBits<T>(reader[i], values[i])) << "row " << i;
  }
}

template <typename T>
void ExpectRoundTrip(const Values<T>& values) {
  ExpectComesBack(Encode(values), values);
  ExpectComesBack(Encode(values, /*plain=*/true), values);
}

// The encoding chosen, after a round trip.
template <typename T>
NumberEncoding ChosenFor(const Values<T>& values) {
  ExpectRoundTrip(values);
  return ParseStock<NumberColumn>(Encode(values)).encoding();
}

template <typename T>
Values<T> Generate(size_t count, T (*value)(size_t)) {
  Values<T> values;
  for (size_t i = 0; i < count; ++i) values.push_back(value(i));
  return values;
}

// A well-mixed function of `i`.
uint64_t Mix(uint64_t i) {
  i = (i + 1) * 0x9e3779b97f4a7c15;
  i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9;
  i = (i ^ i >> 27) * 0x94d049bb133111eb;
  return i ^ i >> 31;
}

// --- Which encoding ---

TEST(NumberColumnEncoding, AllZerosAreLeftOut) {
  EXPECT_EQ(Encode<uint32_t>({}), "absent");
  EXPECT_EQ(Encode<uint32_t>({0}), "absent");
  EXPECT_EQ(Encode<int64_t>({0, 0, 0}), "absent");
  EXPECT_EQ(Encode<bool>({false, false}), "absent");
  EXPECT_EQ(Encode<double>({0.0, 0.0}), "absent");
  EXPECT_EQ(Encode<double>({0.0, 0.0}, /*plain=*/true), "absent");
}

TEST(NumberColumnEncoding, NegativeZeroIsNotZero) {
  EXPECT_NE(Encode<double>({-0.0}), "absent");
  ExpectRoundTrip<double>({-0.0});
}

TEST(NumberColumnEncoding, OneValueThroughoutIsConstant) {
  EXPECT_EQ(ChosenFor<uint32_t>({7}), NUMBER_ENCODING_CONSTANT);
  EXPECT_EQ(ChosenFor(Values<uint64_t>(1000, 7)), NUMBER_ENCODING_CONSTANT);
  EXPECT_EQ(ChosenFor(Values<bool>(1000, true)), NUMBER_ENCODING_CONSTANT);
}

TEST(NumberColumnEncoding, EvenStepsAreASequence) {
  EXPECT_EQ(ChosenFor(Generate<uint64_t>(
                1000, [](size_t i) { return uint64_t{10} + 3 * i; })),
            NUMBER_ENCODING_SEQUENCE);
  EXPECT_EQ(ChosenFor(Generate<uint64_t>(
                1000, [](size_t i) { return uint64_t{100000} - 3 * i; })),
            NUMBER_ENCODING_SEQUENCE);
  EXPECT_EQ(ChosenFor(Generate<int32_t>(
                1000, [](size_t i) { return static_cast<int32_t>(i); })),
            NUMBER_ENCODING_SEQUENCE);
}

TEST(NumberColumnEncoding, LongRunsAreRunLength) {
  EXPECT_EQ(ChosenFor(Generate<uint32_t>(
                1000, [](size_t i) { return static_cast<uint32_t>(i / 100); })),
            NUMBER_ENCODING_RUN_LENGTH);
  EXPECT_EQ(ChosenFor(Generate<bool>(1000, [](size_t i) { return i >= 500; })),
            NUMBER_ENCODING_RUN_LENGTH);
}

TEST(NumberColumnEncoding, ValuesCloseTogetherAreBytes) {
  EXPECT_EQ(
      ChosenFor(Generate<uint64_t>(
          1000, [](size_t i) { return (uint64_t{1} << 60) + Mix(i) % 200; })),
      NUMBER_ENCODING_BYTE);
  EXPECT_EQ(
      ChosenFor(Generate<bool>(1000, [](size_t i) { return i % 2 == 0; })),
      NUMBER_ENCODING_BYTE);
}

TEST(NumberColumnEncoding, FewOutliersAreExceptionsAmongBytes) {
  EXPECT_EQ(
      ChosenFor(Generate<uint64_t>(
          1000, [](size_t i) { return i % 100 == 7 ? Mix(i) : Mix(i) % 200; })),
      NUMBER_ENCODING_BYTE);
}

TEST(NumberColumnEncoding, NeighboursCloseTogetherAreDeltaBytes) {
  EXPECT_EQ(ChosenFor(Generate<uint64_t>(
                1000, [](size_t i) { return 1000 * i / 10 + Mix(i) % 50; })),
            NUMBER_ENCODING_DELTA_BYTE);
}

TEST(NumberColumnEncoding, WideValuesAreFixed) {
  EXPECT_EQ(
      ChosenFor(Generate<uint64_t>(1000, [](size_t i) { return Mix(i); })),
      NUMBER_ENCODING_FIXED);
  EXPECT_EQ(ChosenFor(Generate<uint32_t>(
                1000, [](size_t i) { return static_cast<uint32_t>(Mix(i)); })),
            NUMBER_ENCODING_FIXED);
}

TEST(NumberColumnEncoding, FixedHasTheWidthOfTheRange) {
  for (uint32_t width = 2; width <= 8; ++width) {
    Values<uint64_t> values;
    for (size_t i = 0; i < 1000; ++i) {
      values.push_back(Mix(i) >> (64 - 8 * width));
    }
    const NumberColumn column = ParseStock<NumberColumn>(Encode(values));
    EXPECT_EQ(column.encoding(), NUMBER_ENCODING_FIXED);
    EXPECT_EQ(column.width(), width);
    EXPECT_EQ(column.data().size(), width * 1000);
    ExpectRoundTrip(values);
  }
}

TEST(NumberColumnEncoding, FewDistinctWideValuesAreADictionary) {
  EXPECT_EQ(ChosenFor(Generate<uint64_t>(
                1000, [](size_t i) { return Mix(Mix(i) % 20 + 5000); })),
            NUMBER_ENCODING_DICTIONARY);
}

TEST(NumberColumnEncoding, ADictionaryHolds256Values) {
  const auto of = [](uint64_t distinct) {
    Values<uint64_t> values;
    for (size_t i = 0; i < 20000; ++i) {
      values.push_back(Mix(Mix(i) % distinct));
    }
    return values;
  };
  EXPECT_EQ(ChosenFor(of(256)), NUMBER_ENCODING_DICTIONARY);
  EXPECT_EQ(ChosenFor(of(257)), NUMBER_ENCODING_FIXED);
}

TEST(NumberColumnEncoding, VeryFewValuesArePlain) {
  EXPECT_EQ(ChosenFor<uint64_t>({1, 2, 9}), NUMBER_ENCODING_PLAIN);
  EXPECT_EQ(ChosenFor<uint32_t>({300, 5, 70000}), NUMBER_ENCODING_PLAIN);
}

TEST(NumberColumnEncoding, PlainOptionMakesEveryColumnPlain) {
  for (const Values<uint32_t>& values :
       {Values<uint32_t>(100, 7), Values<uint32_t>{1, 2, 3, 4},
        Generate<uint32_t>(
            1000, [](size_t i) { return static_cast<uint32_t>(i); })}) {
    const NumberColumn column =
        ParseStock<NumberColumn>(Encode(values, /*plain=*/true));
    EXPECT_EQ(column.encoding(), NUMBER_ENCODING_PLAIN);
    EXPECT_EQ(column.values_size(), static_cast<int>(values.size()));
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(column.values(static_cast<int>(i)), values[i]);
    }
  }
}

TEST(NumberColumnEncoding, KindFollowsFromTheType) {
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<bool>({true})).kind(),
            COLUMN_KIND_UNSIGNED);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<uint32_t>({1})).kind(),
            COLUMN_KIND_UNSIGNED);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<uint64_t>({1})).kind(),
            COLUMN_KIND_UNSIGNED);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<int32_t>({1})).kind(),
            COLUMN_KIND_SIGNED);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<int64_t>({1})).kind(),
            COLUMN_KIND_SIGNED);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<float>({1})).kind(),
            COLUMN_KIND_FLOAT);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<double>({1})).kind(),
            COLUMN_KIND_DOUBLE);
}

TEST(NumberColumnEncoding, SignedIsZigzagAndFloatsAreTheirBits) {
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<int32_t>({-1})).base(), 1u);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<int32_t>({INT32_MIN})).base(),
            UINT32_MAX);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<int64_t>({INT64_MIN})).base(),
            UINT64_MAX);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<float>({1})).base(), 0x3f800000u);
  EXPECT_EQ(ParseStock<NumberColumn>(Encode<double>({1})).base(),
            0x3ff0000000000000u);
}

TEST(NumberColumnEncoding, IsDeterministic) {
  const auto values =
      Generate<uint64_t>(3000, [](size_t i) { return Mix(i) % 1000; });
  EXPECT_EQ(Encode(values), Encode(values));
}

// --- Round trips ---

template <typename T>
class NumberColumnRoundTrip : public ::testing::Test {};
using Types =
    ::testing::Types<bool, uint32_t, uint64_t, int32_t, int64_t, float, double>;
TYPED_TEST_SUITE(NumberColumnRoundTrip, Types);

TYPED_TEST(NumberColumnRoundTrip, Extremes) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  const T low = Limits::lowest();
  const T high = Limits::max();
  ExpectRoundTrip<T>({low});
  ExpectRoundTrip<T>({high});
  ExpectRoundTrip<T>({low, high});
  ExpectRoundTrip<T>({high, low});
  ExpectRoundTrip<T>({low, high, low, T{1}, T{0}, high, high});
  Values<T> values;
  for (size_t i = 0; i < 1000; ++i) {
    values.push_back(Mix(i) % 2 == 0 ? low : high);
  }
  ExpectRoundTrip(values);
  for (size_t i = 0; i < 1000; ++i) {
    values[i] = Mix(i) % 50 == 0 ? high : static_cast<T>(Mix(i) % 2);
  }
  ExpectRoundTrip(values);
  for (size_t i = 0; i < 1000; ++i) {
    values[i] = Mix(i) % 50 == 0 ? low : high;
  }
  ExpectRoundTrip(values);
}

// Every encoding in turn is the best one for some of these.
TYPED_TEST(NumberColumnRoundTrip, RandomColumns) {
  using T = TypeParam;
  using Bits = typename NumberTraits<T>::Bits;
  std::mt19937_64 random(20261122);
  std::map<NumberEncoding, int> seen;
  for (int round = 0; round < 400; ++round) {
    const size_t count = 1 + random() % (round % 2 == 0 ? 70 : 3000);
    const int shape = static_cast<int>(random() % 7);
    const int width = static_cast<int>(random() % (8 * sizeof(Bits)));
    const Bits base = static_cast<Bits>(random());
    const uint64_t rare = 2 + random() % 200;
    Values<T> values;
    Bits bits = base;
    for (size_t i = 0; i < count; ++i) {
      const Bits noise =
          static_cast<Bits>(static_cast<Bits>(random()) >> width);
      switch (shape) {
        case 0:
          bits = noise;
          break;
        case 1:
          bits = static_cast<Bits>(base + noise);
          break;
        case 2:
          bits = static_cast<Bits>(bits + noise);
          break;
        case 3:
          if (random() % rare == 0) bits = noise;
          break;
        case 4:
          bits = random() % rare == 0 ? noise : static_cast<Bits>(i % 3);
          break;
        case 5:
          bits = static_cast<Bits>(Mix(random() % (rare + 100)));
          break;
        case 6:
          bits = static_cast<Bits>(base + i * rare);
          break;
      }
      if (std::is_same_v<T, bool>) bits = bits & 1;
      T value;
      if constexpr (NumberTraits<T>::kZigZag) {
        value = static_cast<T>(UnZigZag(bits));
      } else {
        std::memcpy(&value, &bits, sizeof(value));
      }
      values.push_back(value);
    }
    ExpectRoundTrip(values);
    if (this->HasFatalFailure()) return;
    const std::string column = Encode(values);
    if (column != "absent") {
      ++seen[ParseStock<NumberColumn>(column).encoding()];
    }
  }
  if (sizeof(T) > 1) {
    for (int e = NumberEncoding_MIN; e <= NumberEncoding_MAX; ++e) {
      EXPECT_GT(seen[static_cast<NumberEncoding>(e)], 0)
          << NumberEncoding_Name(static_cast<NumberEncoding>(e));
    }
  }
}

TEST(NumberColumnRoundTripOfFloats, NotANumberKeepsItsBits) {
  double value;
  const uint64_t bits = 0x7ff8dead0000beef;
  std::memcpy(&value, &bits, sizeof(value));
  ExpectRoundTrip<double>({value, 1.0, INFINITY, -INFINITY});
  ExpectRoundTrip<float>({NAN, -0.0f, INFINITY, 1e-45f});
}

TEST(NumberColumnBuilder, StartsAnewAfterClear) {
  NumberColumnBuilder<uint32_t> builder;
  builder.Append(5);
  builder.Clear();
  EXPECT_EQ(builder.size(), 0u);
  builder.Append(6);
  builder.PadWithZeros(3);
  EXPECT_EQ(builder.size(), 3u);
  ExpectComesBack<uint32_t>(
      EncodeField({}, [&](MessageWriter& out) { builder.Encode(1, out); }),
      {6, 0, 0});
}

// --- Columns made by hand ---

NumberColumn Column(NumberEncoding encoding, uint64_t base = 0,
                    const std::string& data = "",
                    const std::vector<uint64_t>& values = {}) {
  NumberColumn column;
  column.set_kind(COLUMN_KIND_UNSIGNED);
  column.set_encoding(encoding);
  column.set_base(base);
  column.set_data(data);
  for (const uint64_t value : values) column.add_values(value);
  return column;
}

template <typename T = uint32_t>
absl::Status Decode(const NumberColumn& column, size_t count,
                    std::vector<T>* values = nullptr,
                    const Limits& limits = Limits()) {
  NumberColumnReader<T> reader;
  absl::Status status =
      DecodeColumn(reader, column.SerializeAsString(), count, limits);
  if (status.ok() && values != nullptr) {
    for (size_t i = 0; i < count; ++i) values->push_back(reader[i]);
  }
  return status;
}

template <typename T = uint32_t>
void ExpectValues(const NumberColumn& column, const std::vector<T>& expected) {
  std::vector<T> values;
  ASSERT_THAT(Decode<T>(column, expected.size(), &values), IsOk());
  EXPECT_EQ(values, expected);
}

template <typename T = uint32_t>
void ExpectRefused(const NumberColumn& column, size_t count, ErrorReason reason,
                   const std::string& text, const Limits& limits = Limits()) {
  const absl::Status status = Decode<T>(column, count, nullptr, limits);
  EXPECT_EQ(ReasonOf(status), reason) << status;
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(HasSubstr("offset 0x123: chunk 7: field: "),
                               HasSubstr(text)));
}

TEST(NumberColumnDecoding, FollowsTheFormulaOfEachEncoding) {
  ExpectValues(Column(NUMBER_ENCODING_PLAIN, 0, "", {5, 0, 7}), {5, 0, 7});
  ExpectValues(Column(NUMBER_ENCODING_CONSTANT, 9), {9, 9, 9});
  ExpectValues(Column(NUMBER_ENCODING_CONSTANT), {0, 0});
  NumberColumn sequence = Column(NUMBER_ENCODING_SEQUENCE, 10);
  sequence.set_step(static_cast<uint64_t>(-3));
  ExpectValues(sequence, {10, 7, 4, 1});
  ExpectValues(Column(NUMBER_ENCODING_RUN_LENGTH, 0, "", {8, 2, 9, 1}),
               {8, 8, 9});
  ExpectValues(Column(NUMBER_ENCODING_BYTE, 100,
                      std::string("\0\1\xff\xfe\xff", 5), {1000, 2}),
               {100, 101, 1100, 354, 102});
  ExpectValues(Column(NUMBER_ENCODING_DELTA_BYTE, 100,
                      std::string("\0\2\1\xff\3", 5), {1000}),
               {100, 101, 100, 600, 598});
  NumberColumn fixed =
      Column(NUMBER_ENCODING_FIXED, 1, std::string("\1\0\0\0\1\0", 6));
  fixed.set_width(3);
  ExpectValues(fixed, {2, 257});
  ExpectValues(Column(NUMBER_ENCODING_DICTIONARY, 0, std::string("\1\0\1", 3),
                      {7, 70000}),
               {70000, 7, 70000});
}

TEST(NumberColumnDecoding, FixedNumbersOfEveryWidthAreLittleEndian) {
  for (size_t width = 1; width <= 8; ++width) {
    std::string data;
    std::vector<uint64_t> values(2);
    for (size_t i = 0; i < 2 * width; ++i) {
      const uint64_t byte = 0x81 + i;
      data.push_back(static_cast<char>(byte));
      values[i / width] |= byte << 8 * (i % width);
    }
    NumberColumn fixed = Column(NUMBER_ENCODING_FIXED, 0, data);
    fixed.set_width(width);
    ExpectValues(fixed, values);
  }
}

TEST(NumberColumnDecoding, ReadsTheWorkedBytesOfTheSpecification) {
  // docs/stream_format.md, "NumberColumn".
  const std::vector<std::pair<std::string, std::vector<uint32_t>>> columns = {
      {"0801 3a03050007", {5, 0, 7}},
      {"0801 1001 1809", {9, 9, 9}},
      {"0801 1002 180a 2002", {10, 12, 14}},
      {"0801 1003 3a0408030901", {8, 8, 8, 9}},
      {"0801 1004 1864 320300ff01 3a02e807", {100, 1100, 101}},
      {"0801 1005 1864 32030002ff 3a02e607", {100, 101, 600}},
      {"0801 1006 1801 2803 3206010000000100", {2, 257}},
      {"0801 1007 3203000100 3a0407f0a204", {7, 70000, 7}},
  };
  for (const auto& [hex, expected] : columns) {
    NumberColumn column;
    ASSERT_TRUE(column.ParseFromString(
        HexBytes(absl::StrReplaceAll(hex, {{" ", ""}}))));
    ExpectValues(column, expected);
  }
}

TEST(NumberColumnDecoding, ArithmeticIsModulo2To64) {
  ExpectValues(Column(NUMBER_ENCODING_BYTE, UINT64_MAX, std::string("\1\2", 2)),
               {0, 1});
  ExpectValues<uint64_t>(
      Column(NUMBER_ENCODING_BYTE, UINT64_MAX, std::string("\0\xff", 2), {3}),
      {UINT64_MAX, 2});
  NumberColumn sequence = Column(NUMBER_ENCODING_SEQUENCE, UINT64_MAX);
  sequence.set_step(1);
  ExpectValues<uint64_t>(sequence, {UINT64_MAX, 0, 1});
}

TEST(NumberColumnDecoding, RefusesAnotherKind) {
  for (const ColumnKind kind :
       {COLUMN_KIND_UNSPECIFIED, COLUMN_KIND_SIGNED, COLUMN_KIND_FLOAT,
        COLUMN_KIND_DOUBLE, COLUMN_KIND_BYTES, COLUMN_KIND_TEXT}) {
    NumberColumn column = Column(NUMBER_ENCODING_CONSTANT, 1);
    column.set_kind(kind);
    ExpectRefused(column, 2, ERROR_REASON_MALFORMED, "the schema has UNSIGNED");
  }
  NumberColumn column = Column(NUMBER_ENCODING_CONSTANT, 1);
  column.set_kind(static_cast<ColumnKind>(99));
  ExpectRefused(column, 2, ERROR_REASON_UNKNOWN_CONTENT, "unknown kind 99");
}

TEST(NumberColumnDecoding, RefusesAnUnknownEncodingAsNewer) {
  for (const int encoding : {8, 100, -1}) {
    ExpectRefused(Column(static_cast<NumberEncoding>(encoding)), 2,
                  ERROR_REASON_UNKNOWN_CONTENT, "unknown encoding");
  }
}

TEST(NumberColumnDecoding, RefusesTooFewValues) {
  ExpectRefused(Column(NUMBER_ENCODING_PLAIN, 0, "", {1, 2}), 3,
                ERROR_REASON_MALFORMED, "too few values");
  ExpectRefused(Column(NUMBER_ENCODING_PLAIN), 1, ERROR_REASON_MALFORMED,
                "too few values");
  ExpectRefused(Column(NUMBER_ENCODING_RUN_LENGTH, 0, "", {1, 2}), 3,
                ERROR_REASON_MALFORMED, "too few");
  ExpectRefused(Column(NUMBER_ENCODING_RUN_LENGTH, 0, "", {1}), 3,
                ERROR_REASON_MALFORMED, "too few");
  ExpectRefused(Column(NUMBER_ENCODING_BYTE, 0, "\xff\xff", {1}), 2,
                ERROR_REASON_MALFORMED, "too few");
  ExpectRefused(Column(NUMBER_ENCODING_BYTE, 0, "\xff"), 1,
                ERROR_REASON_MALFORMED, "too few");
  ExpectRefused(Column(NUMBER_ENCODING_DELTA_BYTE, 0, "\xff\xff", {1}), 2,
                ERROR_REASON_MALFORMED, "too few");
}

TEST(NumberColumnDecoding, RefusesTooManyValues) {
  ExpectRefused(Column(NUMBER_ENCODING_PLAIN, 0, "", {1, 2, 3}), 2,
                ERROR_REASON_MALFORMED, "too many values");
  ExpectRefused(Column(NUMBER_ENCODING_RUN_LENGTH, 0, "", {1, 2, 3}), 2,
                ERROR_REASON_MALFORMED, "too many values");
  ExpectRefused(Column(NUMBER_ENCODING_BYTE, 0, "\1\1", {1}), 2,
                ERROR_REASON_MALFORMED, "too many");
  ExpectRefused(Column(NUMBER_ENCODING_BYTE, UINT32_MAX, "\xff", {0, 1}), 1,
                ERROR_REASON_MALFORMED, "too many");
  ExpectRefused(Column(NUMBER_ENCODING_DELTA_BYTE, 0, "\1\1", {1}), 2,
                ERROR_REASON_MALFORMED, "too many");
  ExpectRefused(Column(NUMBER_ENCODING_DICTIONARY, 0, std::string(2, '\0'),
                       std::vector<uint64_t>(257, 1)),
                2, ERROR_REASON_MALFORMED, "too many");
}

TEST(NumberColumnDecoding, RefusesAnotherAmountOfData) {
  for (const NumberEncoding encoding :
       {NUMBER_ENCODING_BYTE, NUMBER_ENCODING_DELTA_BYTE,
        NUMBER_ENCODING_DICTIONARY}) {
    ExpectRefused(Column(encoding, 0, "\1\1"), 3, ERROR_REASON_MALFORMED,
                  "2 bytes of data, expected 3");
    ExpectRefused(Column(encoding, 0, "\1\1\1\1"), 3, ERROR_REASON_MALFORMED,
                  "4 bytes of data, expected 3");
    ExpectRefused(Column(encoding), 3, ERROR_REASON_MALFORMED,
                  "0 bytes of data");
  }
  NumberColumn fixed = Column(NUMBER_ENCODING_FIXED, 0, "\1\1\1");
  fixed.set_width(2);
  ExpectRefused(fixed, 2, ERROR_REASON_MALFORMED,
                "3 bytes of data, expected 4");
}

TEST(NumberColumnDecoding, RefusesAWidthBelow1OrAbove8) {
  for (const uint32_t width : {0u, 9u, 0x80000000u, UINT32_MAX}) {
    NumberColumn column = Column(NUMBER_ENCODING_FIXED, 0, "\1\1");
    column.set_width(width);
    ExpectRefused(column, 2, ERROR_REASON_MALFORMED, "expected 1 to 8 bytes");
  }
  // Valid modulo 2^32.
  NumberColumn column = Column(NUMBER_ENCODING_FIXED, 0, "\1\1");
  NumberColumnReader<uint32_t> reader;
  EXPECT_THAT(DecodeColumn(reader,
                           column.SerializeAsString() +
                               std::string("\x28\x81\x80\x80\x80\x10", 6),
                           2),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("width is 4294967297")));
}

TEST(NumberColumnDecoding, RefusesAnIndexOutOfTheDictionary) {
  ExpectRefused(
      Column(NUMBER_ENCODING_DICTIONARY, 0, std::string("\0\2", 2), {5, 6}), 2,
      ERROR_REASON_MALFORMED, "row 1 has index 2 into a dictionary of 2");
  ExpectRefused(Column(NUMBER_ENCODING_DICTIONARY, 0, std::string("\0", 1)), 1,
                ERROR_REASON_MALFORMED, "into a dictionary of 0");
}

TEST(NumberColumnDecoding, RefusesRunsThatDoNotFit) {
  ExpectRefused(Column(NUMBER_ENCODING_RUN_LENGTH, 0, "", {5, 0, 5, 2}), 2,
                ERROR_REASON_MALFORMED, "run of length 0 at row 0 of 2");
  ExpectRefused(Column(NUMBER_ENCODING_RUN_LENGTH, 0, "", {5, 3}), 2,
                ERROR_REASON_MALFORMED, "run of length 3 at row 0 of 2");
  ExpectRefused(
      Column(NUMBER_ENCODING_RUN_LENGTH, 0, "", {5, 1, 6, UINT64_MAX}), 2,
      ERROR_REASON_MALFORMED,
      "run of length 18446744073709551615 at row 1 of 2");
}

TEST(NumberColumnDecoding, RefusesValuesThatDoNotFitTheType) {
  const uint64_t wide = uint64_t{UINT32_MAX} + 1;
  const std::string text = "does not fit 32 bits";
  ExpectRefused(Column(NUMBER_ENCODING_PLAIN, 0, "", {1, wide}), 2,
                ERROR_REASON_MALFORMED, text);
  ExpectRefused(Column(NUMBER_ENCODING_CONSTANT, wide), 2,
                ERROR_REASON_MALFORMED, text);
  NumberColumn sequence = Column(NUMBER_ENCODING_SEQUENCE, UINT32_MAX);
  sequence.set_step(1);
  ExpectRefused(sequence, 2, ERROR_REASON_MALFORMED, text);
  ExpectRefused(Column(NUMBER_ENCODING_RUN_LENGTH, 0, "", {wide, 2}), 2,
                ERROR_REASON_MALFORMED, text);
  ExpectRefused(
      Column(NUMBER_ENCODING_BYTE, UINT32_MAX, std::string("\0\1", 2)), 2,
      ERROR_REASON_MALFORMED, text);
  ExpectRefused(
      Column(NUMBER_ENCODING_BYTE, 1, std::string("\0\xff", 2), {UINT32_MAX}),
      2, ERROR_REASON_MALFORMED, text);
  ExpectRefused(Column(NUMBER_ENCODING_DELTA_BYTE, 0, std::string("\0\1", 2)),
                2, ERROR_REASON_MALFORMED, text);
  NumberColumn fixed =
      Column(NUMBER_ENCODING_FIXED, UINT32_MAX, std::string("\0\1", 2));
  fixed.set_width(1);
  ExpectRefused(fixed, 2, ERROR_REASON_MALFORMED, text);
  ExpectRefused(
      Column(NUMBER_ENCODING_DICTIONARY, 0, std::string("\0\1", 2), {1, wide}),
      2, ERROR_REASON_MALFORMED, text);
}

TEST(NumberColumnDecoding, RefusesABoolThatIsNeither0Nor1) {
  ExpectRefused<bool>(Column(NUMBER_ENCODING_PLAIN, 0, "", {1, 2}), 2,
                      ERROR_REASON_MALFORMED, "neither 0 nor 1");
  ExpectRefused<bool>(Column(NUMBER_ENCODING_CONSTANT, 2), 2,
                      ERROR_REASON_MALFORMED, "neither 0 nor 1");
  ExpectRefused<bool>(Column(NUMBER_ENCODING_CONSTANT, 257), 2,
                      ERROR_REASON_MALFORMED, "8 bits");
}

TEST(NumberColumnDecoding, RefusesPartsThatTheEncodingDoesNotUse) {
  NumberColumn all = Column(NUMBER_ENCODING_PLAIN, 1, "\1", {1});
  all.set_step(1);
  all.set_width(1);
  // Which parts each encoding uses: base, step, width, data, values.
  const std::map<NumberEncoding, std::string> used = {
      {NUMBER_ENCODING_PLAIN, "v"},     {NUMBER_ENCODING_CONSTANT, "b"},
      {NUMBER_ENCODING_SEQUENCE, "bs"}, {NUMBER_ENCODING_RUN_LENGTH, "v"},
      {NUMBER_ENCODING_BYTE, "bdv"},    {NUMBER_ENCODING_DELTA_BYTE, "bdv"},
      {NUMBER_ENCODING_FIXED, "bwd"},   {NUMBER_ENCODING_DICTIONARY, "dv"},
  };
  for (const auto& [encoding, parts] : used) {
    for (const char part : std::string("bswdv")) {
      if (parts.find(part) != std::string::npos) continue;
      NumberColumn column = Column(encoding);
      if (part == 'b') column.set_base(1);
      if (part == 's') column.set_step(1);
      if (part == 'w') column.set_width(1);
      if (part == 'd') column.set_data("\1");
      if (part == 'v') column.add_values(1);
      ExpectRefused(column, 1, ERROR_REASON_MALFORMED,
                    EncodingName(static_cast<ColumnEncoding>(encoding)) +
                        " does not use");
    }
  }
}

TEST(NumberColumnDecoding, RefusesAColumnWithoutRows) {
  ExpectRefused(Column(NUMBER_ENCODING_CONSTANT, 1), 0, ERROR_REASON_MALFORMED,
                "without a row");
}

TEST(NumberColumnDecoding, RefusesAPartThatOccursTwice) {
  const std::string column =
      Column(NUMBER_ENCODING_CONSTANT, 1).SerializeAsString() +
      std::string("\x18\x01", 2);
  NumberColumnReader<uint32_t> reader;
  EXPECT_THAT(DecodeColumn(reader, column, 2),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("part 3 of the column occurs twice")));
}

TEST(NumberColumnDecoding, RefusesUnpackedValues) {
  NumberColumnReader<uint32_t> reader;
  EXPECT_THAT(DecodeColumn(reader, std::string("\x08\x01\x38\x05", 4), 1),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("part 7 of the column has wire type 0")));
}

TEST(NumberColumnDecoding, RefusesAnUnknownPartAsNewer) {
  NumberColumnReader<uint32_t> reader;
  EXPECT_THAT(
      DecodeColumn(reader, std::string("\x08\x01\x40\x05", 4), 1),
      StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("unknown part 8")));
}

TEST(NumberColumnDecoding, RefusesValuesCutInTheMiddle) {
  // values = 5 and the first byte of a varint of two.
  NumberColumnReader<uint32_t> reader;
  EXPECT_THAT(
      DecodeColumn(reader, std::string("\x08\x01\x3a\x02\x05\x80", 6), 2),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too few")));
}

TEST(NumberColumnDecoding, AConstantTakesOneValueHoweverManyRowsThereAre) {
  EXPECT_THAT(
      Decode<uint32_t>(Column(NUMBER_ENCODING_CONSTANT, 1), SIZE_MAX / 16),
      IsOk());
}

TEST(NumberColumnDecoding, NoDamageOfABitReachesBeyondTheColumn) {
  // The sanitizers watch; a round trip may well succeed with another value.
  const auto wide = Generate<uint64_t>(40, [](size_t i) { return Mix(i); });
  const auto small =
      Generate<uint64_t>(200, [](size_t i) { return Mix(i) % 300; });
  for (const Values<uint64_t>& values : {wide, small}) {
    for (const bool plain : {false, true}) {
      const std::string column = Encode(values, plain);
      for (size_t bit = 0; bit < column.size() * 8; ++bit) {
        std::string damaged = column;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
        NumberColumnReader<uint64_t> reader;
        DecodeColumn(reader, damaged, values.size()).IgnoreError();
      }
    }
  }
}

TEST(NumberColumnReader, SumsUp) {
  NumberColumnReader<uint32_t> reader;
  reader.SetDefault();
  EXPECT_EQ(reader.Sum(5), 0u);
  ASSERT_THAT(DecodeColumn(reader, Encode<uint32_t>({1, 2, 9}), 3), IsOk());
  EXPECT_EQ(reader.Sum(3), 12u);
  ASSERT_THAT(
      DecodeColumn(reader, Encode<uint32_t>({UINT32_MAX, UINT32_MAX}), 2),
      IsOk());
  EXPECT_EQ(reader.Sum(2), 2 * uint64_t{UINT32_MAX});
}

// By number and name, and all of them.
TEST(ColumnEncoding, AreThoseOfTheProto) {
  ASSERT_EQ(kValueKinds, ColumnKind_ARRAYSIZE);
  for (int i = 0; i < kValueKinds; ++i) {
    EXPECT_EQ("COLUMN_KIND_" + KindName(static_cast<ValueKind>(i)),
              ColumnKind_Name(static_cast<ColumnKind>(i)));
  }
  ASSERT_EQ(kColumnEncodings, NumberEncoding_ARRAYSIZE);
  for (int i = 0; i < kColumnEncodings; ++i) {
    EXPECT_EQ("NUMBER_ENCODING_" + EncodingName(static_cast<ColumnEncoding>(i)),
              NumberEncoding_Name(static_cast<NumberEncoding>(i)));
  }
  ASSERT_EQ(kColumnLayouts, BytesLayout_ARRAYSIZE);
  EXPECT_EQ(static_cast<int>(ColumnLayout::kConcatenated),
            int{BYTES_LAYOUT_CONCATENATED});
  EXPECT_EQ(static_cast<int>(ColumnLayout::kWords), int{BYTES_LAYOUT_WORDS});
}

TEST(ColumnEncoding, EnumeratorsHaveTheirNames) {
  EXPECT_EQ(KindName(ValueKind::kUnspecified), "UNSPECIFIED");
  EXPECT_EQ(KindName(ValueKind::kUnsigned), "UNSIGNED");
  EXPECT_EQ(KindName(ValueKind::kSigned), "SIGNED");
  EXPECT_EQ(KindName(ValueKind::kFloat), "FLOAT");
  EXPECT_EQ(KindName(ValueKind::kDouble), "DOUBLE");
  EXPECT_EQ(KindName(ValueKind::kBytes), "BYTES");
  EXPECT_EQ(KindName(ValueKind::kText), "TEXT");
  EXPECT_EQ(EncodingName(ColumnEncoding::kPlain), "PLAIN");
  EXPECT_EQ(EncodingName(ColumnEncoding::kConstant), "CONSTANT");
  EXPECT_EQ(EncodingName(ColumnEncoding::kSequence), "SEQUENCE");
  EXPECT_EQ(EncodingName(ColumnEncoding::kRunLength), "RUN_LENGTH");
  EXPECT_EQ(EncodingName(ColumnEncoding::kByte), "BYTE");
  EXPECT_EQ(EncodingName(ColumnEncoding::kDeltaByte), "DELTA_BYTE");
  EXPECT_EQ(EncodingName(ColumnEncoding::kFixed), "FIXED");
  EXPECT_EQ(EncodingName(ColumnEncoding::kDictionary), "DICTIONARY");
}

}  // namespace
}  // namespace devstate
