// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/bytes_column.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "devstate/columns.pb.h"
#include "devstate/serializer/test_columns.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/serializer/utf8.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::DecodeColumn;
using ::devstate::testing::EncodeField;
using ::devstate::testing::Field;
using ::devstate::testing::IsOk;
using ::devstate::testing::ParseStock;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

using Values = std::vector<std::string>;

std::string Encode(const Values& values, ColumnKind kind = COLUMN_KIND_BYTES,
                   bool compressed = false, bool plain = false) {
  BytesColumnBuilder builder;
  for (const std::string& value : values) builder.Append(value);
  MessageWriter::ColumnOptions options;
  options.compressed = compressed;
  options.plain = plain;
  return EncodeField(options, [&](MessageWriter& out) {
    builder.Encode(1, static_cast<ValueKind>(kind), out);
  });
}

absl::Status Decode(const std::string& column, size_t count, Values* values,
                    ColumnKind kind = COLUMN_KIND_BYTES,
                    const Limits& limits = Limits()) {
  BytesColumnReader reader;
  if (column == "absent") {
    reader.SetDefault();
  } else {
    absl::Status status =
        DecodeColumn(reader, column, count, limits, Field(kind));
    if (!status.ok()) return status;
  }
  for (size_t i = 0; i < count; ++i) {
    absl::string_view value;
    reader.Read(i, value);
    values->push_back(std::string(value));
  }
  return absl::OkStatus();
}

void ExpectRoundTrip(const Values& values,
                     ColumnKind kind = COLUMN_KIND_BYTES) {
  for (const bool compressed : {false, true}) {
    for (const bool plain : {false, true}) {
      Values back;
      ASSERT_THAT(Decode(Encode(values, kind, compressed, plain), values.size(),
                         &back, kind),
                  IsOk());
      EXPECT_EQ(back, values);
    }
  }
}

BytesColumn Column(const std::vector<uint64_t>& lengths,
                   const std::string& data,
                   ColumnKind kind = COLUMN_KIND_BYTES) {
  BytesColumn column;
  column.set_kind(kind);
  column.mutable_lengths()->set_kind(COLUMN_KIND_UNSIGNED);
  for (const uint64_t length : lengths) {
    column.mutable_lengths()->add_values(length);
  }
  column.set_data(data);
  return column;
}

NumberColumn Words(const std::vector<uint64_t>& words) {
  NumberColumn column;
  column.set_kind(COLUMN_KIND_UNSIGNED);
  for (const uint64_t word : words) column.add_values(word);
  return column;
}

void ExpectRefused(const BytesColumn& column, size_t count, ErrorReason reason,
                   const std::string& text, ColumnKind kind = COLUMN_KIND_BYTES,
                   const Limits& limits = Limits()) {
  Values values;
  const absl::Status status =
      Decode(column.SerializeAsString(), count, &values, kind, limits);
  EXPECT_EQ(ReasonOf(status), reason) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

TEST(BytesColumnBuilder, ValuesThatLastStayWhereTheyAre) {
  const std::string memory = "abcdefgh";
  const absl::string_view view = memory;
  BytesColumnBuilder builder;
  builder.SetLasting(true);
  builder.Append(view.substr(0, 3));
  builder.Append(view.substr(3, 2));
  EXPECT_EQ(builder.data().data(), memory.data());
  EXPECT_EQ(builder.data(), "abcde");
  builder.SetLasting(false);
  EXPECT_NE(builder.data().data(), memory.data());
  EXPECT_EQ(builder.data(), "abcde");
}

TEST(BytesColumnBuilder, ValuesThatLastAndOthersStandTogether) {
  const std::string memory = "abcdefgh";
  const absl::string_view view = memory;
  BytesColumnBuilder copied;
  BytesColumnBuilder lasting;
  lasting.SetLasting(true);
  for (const absl::string_view value :
       {view.substr(0, 2), view.substr(2, 1), view.substr(3, 0),
        view.substr(5, 2), view.substr(7, 1)}) {
    copied.Append(value);
    lasting.Append(value);
  }
  lasting.SetLasting(false);
  copied.Append("z");
  lasting.Append("z");
  EXPECT_EQ(lasting.data(), "abcfghz");
  EXPECT_EQ(lasting.data(), copied.data());
  EXPECT_EQ(lasting.lengths(), copied.lengths());
  lasting.Clear();
  EXPECT_EQ(lasting.data(), "");
}

TEST(BytesColumnEncoding, AllEmptyIsLeftOut) {
  EXPECT_EQ(Encode({}), "absent");
  EXPECT_EQ(Encode({"", ""}), "absent");
}

TEST(BytesColumnEncoding, ValuesAreConcatenated) {
  const BytesColumn column =
      ParseStock<BytesColumn>(Encode({"ab", "", "cde"}, COLUMN_KIND_TEXT));
  EXPECT_EQ(column.kind(), COLUMN_KIND_TEXT);
  EXPECT_EQ(column.layout(), BYTES_LAYOUT_CONCATENATED);
  EXPECT_EQ(column.data(), "abcde");
  EXPECT_EQ(column.lengths().kind(), COLUMN_KIND_UNSIGNED);
}

TEST(BytesColumnEncoding, ShortValuesOfOneLengthAreWordsIfCompressed) {
  const BytesColumn column = ParseStock<BytesColumn>(
      Encode({"abcdefgh", "abcdijkl"}, COLUMN_KIND_BYTES, /*compressed=*/true));
  EXPECT_EQ(column.layout(), BYTES_LAYOUT_WORDS);
  EXPECT_EQ(column.data(), "");
  EXPECT_EQ(column.word0().encoding(), NUMBER_ENCODING_CONSTANT);
  EXPECT_EQ(column.word0().base(), 0x64636261u);
  EXPECT_EQ(column.word1().kind(), COLUMN_KIND_UNSIGNED);
  EXPECT_FALSE(column.has_word2());
}

TEST(BytesColumnEncoding, WordsAreForLengthsOf4To32InStepsOf4) {
  const auto layout_of = [](size_t length, size_t count = 2) {
    return ParseStock<BytesColumn>(
               Encode(Values(count, std::string(length, 'x')),
                      COLUMN_KIND_BYTES, true))
        .layout();
  };
  for (size_t length = 1; length <= 40; ++length) {
    EXPECT_EQ(layout_of(length), length % 4 == 0 && length <= 32
                                     ? BYTES_LAYOUT_WORDS
                                     : BYTES_LAYOUT_CONCATENATED)
        << length;
  }
  EXPECT_EQ(layout_of(8, 1), BYTES_LAYOUT_CONCATENATED);
  EXPECT_EQ(ParseStock<BytesColumn>(
                Encode({"abcd", "abcdefgh"}, COLUMN_KIND_BYTES, true))
                .layout(),
            BYTES_LAYOUT_CONCATENATED);
}

TEST(BytesColumnEncoding, NoWordsUncompressedOrPlain) {
  const Values values = {"abcd", "efgh"};
  EXPECT_EQ(ParseStock<BytesColumn>(Encode(values)).layout(),
            BYTES_LAYOUT_CONCATENATED);
  EXPECT_EQ(
      ParseStock<BytesColumn>(Encode(values, COLUMN_KIND_BYTES, true, true))
          .layout(),
      BYTES_LAYOUT_CONCATENATED);
}

TEST(BytesColumnRoundTrip, SmallColumns) {
  ExpectRoundTrip({"a"});
  ExpectRoundTrip({"", "a", ""});
  ExpectRoundTrip({std::string("\0\xff\0", 3), std::string("\0", 1)});
  ExpectRoundTrip({std::string(8, '\0'), "abcdefgh"});
  ExpectRoundTrip(Values(100, std::string(32, 'w')));
  ExpectRoundTrip({std::string(100000, 'x'), "y"});
  ExpectRoundTrip({"Grüße", "€", "𝄞", ""}, COLUMN_KIND_TEXT);
  ExpectRoundTrip({"𝄞", "abcd"}, COLUMN_KIND_TEXT);
}

TEST(BytesColumnRoundTrip, RandomColumns) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    const size_t max_length = random() % 40;
    const bool one_length = random() % 2 == 0;
    Values values;
    for (size_t i = random() % 300; i > 0; --i) {
      std::string value(one_length ? max_length : random() % (max_length + 1),
                        '\0');
      for (char& c : value) c = static_cast<char>(random() % (1 + round));
      values.push_back(value);
    }
    ExpectRoundTrip(values);
  }
}

TEST(BytesColumnBuilder, StartsAnewAfterClear) {
  BytesColumnBuilder builder;
  builder.Append("old");
  builder.Clear();
  EXPECT_EQ(builder.size(), 0u);
  builder.Append("new");
  const std::string column = EncodeField({}, [&](MessageWriter& out) {
    builder.Encode(1, ValueKind::kBytes, out);
  });
  EXPECT_EQ(ParseStock<BytesColumn>(column).data(), "new");
}

TEST(BytesColumnBuilder, TextThatIsNotUtf8IsRefusedByItsContent) {
  const FieldEntry text = Field(COLUMN_KIND_TEXT);
  BytesColumnBuilder builder;
  builder.Append("fine");
  EXPECT_THAT(builder.Validate(text, RowKind::kRecord), IsOk());
  builder.Append("caf\xe9");
  EXPECT_THAT(
      builder.Validate(text, RowKind::kRecord),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("record 1 of the batch has \"caf\\xe9\", which "
                         "is not valid UTF-8")));
  EXPECT_THAT(builder.Validate(Field(COLUMN_KIND_BYTES), RowKind::kRecord),
              IsOk());
}

TEST(BytesColumnBuilder, ACharacterSplitOverTwoTextsIsRefused) {
  BytesColumnBuilder builder;
  builder.Append("\xc3");
  builder.Append("\xa9");
  EXPECT_THAT(builder.Validate(Field(COLUMN_KIND_TEXT), RowKind::kRecord),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\\xc3")));
}

TEST(BytesColumnDecoding, RefusesTextThatIsNotUtf8) {
  ExpectRefused(Column({1, 4}, "acaf\xe9", COLUMN_KIND_TEXT), 2,
                ERROR_REASON_MALFORMED, "row 1 is not valid UTF-8",
                COLUMN_KIND_TEXT);
}

TEST(BytesColumnDecoding, RefusesACharacterSplitOverTwoTexts) {
  ExpectRefused(Column({2, 2}, "a\xc3\xa9z", COLUMN_KIND_TEXT), 2,
                ERROR_REASON_MALFORMED, "row 0 is not valid UTF-8",
                COLUMN_KIND_TEXT);
  Values values;
  EXPECT_THAT(
      Decode(Column({1, 3}, "a\xc3\xa9z", COLUMN_KIND_TEXT).SerializeAsString(),
             2, &values, COLUMN_KIND_TEXT),
      IsOk());
  EXPECT_EQ(values, Values({"a", "\xc3\xa9z"}));
}

TEST(BytesColumnDecoding, RefusesWordsThatAreNotUtf8) {
  BytesColumn column = Column({4, 4}, "", COLUMN_KIND_TEXT);
  column.set_layout(BYTES_LAYOUT_WORDS);
  *column.mutable_word0() = Words({0x64636261, 0xff636261});
  ExpectRefused(column, 2, ERROR_REASON_MALFORMED, "row 1 is not valid UTF-8",
                COLUMN_KIND_TEXT);
}

TEST(BytesColumnDecoding, RefusesAnotherKind) {
  ExpectRefused(Column({1}, "a", COLUMN_KIND_TEXT), 1, ERROR_REASON_MALFORMED,
                "the schema has BYTES");
  ExpectRefused(Column({1}, "a", COLUMN_KIND_UNSIGNED), 1,
                ERROR_REASON_MALFORMED, "kind 1");
  ExpectRefused(Column({1}, "a", COLUMN_KIND_UNSPECIFIED), 1,
                ERROR_REASON_MALFORMED, "kind 0");
  ExpectRefused(Column({1}, "a", COLUMN_KIND_BYTES), 1, ERROR_REASON_MALFORMED,
                "the schema has TEXT", COLUMN_KIND_TEXT);
}

TEST(BytesColumnDecoding, RefusesAnUnknownLayoutAsNewer) {
  BytesColumn column = Column({1}, "a");
  column.set_layout(static_cast<BytesLayout>(2));
  ExpectRefused(column, 1, ERROR_REASON_UNKNOWN_CONTENT, "unknown layout 2");
}

TEST(BytesColumnDecoding, RefusesLengthsThatDoNotAddUpToTheData) {
  ExpectRefused(Column({1, 2}, "ab"), 2, ERROR_REASON_MALFORMED,
                "2 bytes of data, its lengths add up to 3");
  ExpectRefused(Column({1, 0}, "ab"), 2, ERROR_REASON_MALFORMED, "add up to 1");
  ExpectRefused(Column({UINT32_MAX, UINT32_MAX}, "ab"), 2,
                ERROR_REASON_MALFORMED, "add up to 8589934590");
  BytesColumn column;
  column.set_kind(COLUMN_KIND_BYTES);
  column.set_data("ab");
  ExpectRefused(column, 2, ERROR_REASON_MALFORMED, "add up to 0");
}

TEST(BytesColumnDecoding, RefusesLengthsOfAnotherKindOrTooWide) {
  BytesColumn column = Column({1}, "a");
  column.mutable_lengths()->set_kind(COLUMN_KIND_SIGNED);
  ExpectRefused(column, 1, ERROR_REASON_MALFORMED, "the schema has UNSIGNED");
  ExpectRefused(Column({uint64_t{1} << 32 | 1}, "a"), 1, ERROR_REASON_MALFORMED,
                "32 bits");
}

TEST(BytesColumnDecoding, RefusesWordsAndDataTogether) {
  BytesColumn column = Column({4, 4}, "abcdefgh");
  column.set_layout(BYTES_LAYOUT_WORDS);
  ExpectRefused(column, 2, ERROR_REASON_MALFORMED, "words and data");
  column.set_layout(BYTES_LAYOUT_CONCATENATED);
  *column.mutable_word0() = Words({1, 2});
  ExpectRefused(column, 2, ERROR_REASON_MALFORMED,
                "concatenated column has words");
}

TEST(BytesColumnDecoding, RefusesWordsOfOtherLengths) {
  for (const auto& lengths : std::vector<std::vector<uint64_t>>{
           {4, 8}, {3, 3}, {36, 36}, {0, 0}, {0, 4}}) {
    BytesColumn column = Column(lengths, "");
    column.set_layout(BYTES_LAYOUT_WORDS);
    ExpectRefused(column, 2, ERROR_REASON_MALFORMED, "not all of one length");
  }
  BytesColumn column;
  column.set_kind(COLUMN_KIND_BYTES);
  column.set_layout(BYTES_LAYOUT_WORDS);
  ExpectRefused(column, 2, ERROR_REASON_MALFORMED, "not all of one length");
}

TEST(BytesColumnDecoding, RefusesMoreWordsThanTheLengthHas) {
  BytesColumn column = Column({4, 4}, "");
  column.set_layout(BYTES_LAYOUT_WORDS);
  *column.mutable_word0() = Words({1, 2});
  *column.mutable_word1() = Words({1, 2});
  ExpectRefused(column, 2, ERROR_REASON_MALFORMED,
                "more words than its values");
}

TEST(BytesColumnDecoding, AnAbsentWordIsZero) {
  BytesColumn column = Column({8, 8}, "");
  column.set_layout(BYTES_LAYOUT_WORDS);
  *column.mutable_word1() = Words({0x61, 0x62});
  Values values;
  ASSERT_THAT(Decode(column.SerializeAsString(), 2, &values), IsOk());
  EXPECT_EQ(values, Values({std::string("\0\0\0\0a\0\0\0", 8),
                            std::string("\0\0\0\0b\0\0\0", 8)}));
}

TEST(BytesColumnDecoding, BytesAreChargedToTheMemoryLimit) {
  BytesColumn column;
  column.set_kind(COLUMN_KIND_BYTES);
  column.set_layout(BYTES_LAYOUT_WORDS);
  column.mutable_lengths()->set_kind(COLUMN_KIND_UNSIGNED);
  column.mutable_lengths()->set_encoding(NUMBER_ENCODING_CONSTANT);
  column.mutable_lengths()->set_base(32);
  ExpectRefused(column, SIZE_MAX / 64, ERROR_REASON_LIMIT, "max_batch_memory");
  Limits limits;
  limits.max_batch_memory = 32 * 9;
  ExpectRefused(column, 10, ERROR_REASON_LIMIT, "max_batch_memory",
                COLUMN_KIND_BYTES, limits);
  limits.max_batch_memory = 2;
  ExpectRefused(Column({1, 2}, "abc"), 2, ERROR_REASON_LIMIT,
                "max_batch_memory", COLUMN_KIND_BYTES, limits);
}

TEST(BytesColumnDecoding, NoDamageOfABitReachesBeyondTheColumn) {
  Values values;
  for (int i = 0; i < 30; ++i) values.push_back(std::string(8, 'a' + i % 5));
  for (const bool compressed : {false, true}) {
    const std::string column = Encode(values, COLUMN_KIND_TEXT, compressed);
    for (size_t bit = 0; bit < column.size() * 8; ++bit) {
      std::string damaged = column;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      Values back;
      Decode(damaged, values.size(), &back, COLUMN_KIND_TEXT).IgnoreError();
    }
  }
}

TEST(Utf8, IsWhatUnicodeSaysItIs) {
  for (const char* text :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "a\xc3\xa9z"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
  EXPECT_TRUE(IsValidUtf8(absl::string_view("\0", 1)));
  for (const char* text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0",
        "\xe0\x9f\xbf", "\xe0\xa0", "\xe1\x80", "\xe1\x80\x7f",
        "\xed\xa0\x80" /* a surrogate */, "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "a\x80"}) {
    EXPECT_FALSE(IsValidUtf8(text)) << text;
  }
}

}  // namespace
}  // namespace devstate
