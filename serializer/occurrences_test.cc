// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/occurrences.h"

#include <string>
#include <vector>

#include "devstate/columns.pb.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/test_columns.h"
#include "devstate/serializer/test_streams.h"
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

using Numbers = std::vector<uint64_t>;
using NumbersReader = RepeatedReader<NumberColumnReader<uint64_t>, uint64_t>;

// A repeated number.
FieldEntry Repeated() {
  FieldEntry field = Field(COLUMN_KIND_UNSIGNED);
  field.presence = Presence::kRepeated;
  field.value_size = 8;
  return field;
}

absl::Status DecodeRepeated(ColumnReader& reader, const std::string& bytes,
                            size_t count) {
  return DecodeColumn(reader, bytes, count, Limits(), Repeated());
}

std::string EncodeRows(const std::vector<Numbers>& rows) {
  RepeatedBuilder<NumberColumnBuilder<uint64_t>> builder;
  for (size_t i = 0; i < rows.size(); ++i) {
    builder.Append(i, absl::MakeConstSpan(rows[i]));
  }
  return EncodeField({}, [&](MessageWriter& out) {
    builder.EncodeAs(Repeated(), 1, rows.size(), out);
  });
}

NumberColumn Constant(uint64_t value) {
  NumberColumn column;
  column.set_kind(COLUMN_KIND_UNSIGNED);
  column.set_encoding(NUMBER_ENCODING_CONSTANT);
  column.set_base(value);
  return column;
}

TEST(Repeated, RowsComeBack) {
  const std::vector<Numbers> rows = {{}, {1, 2, 3}, {}, {}, {0}, {7, 7}, {}};
  NumbersReader reader;
  ASSERT_THAT(DecodeRepeated(reader, EncodeRows(rows), rows.size()), IsOk());
  for (size_t i = 0; i < rows.size(); ++i) {
    absl::Span<const uint64_t> row;
    reader.Read(i, row);
    EXPECT_EQ(Numbers(row.begin(), row.end()), rows[i]);
  }
}

TEST(Repeated, AFieldThatNeverOccursIsLeftOut) {
  EXPECT_EQ(EncodeRows({{}, {}}), "absent");
}

TEST(Repeated, DefaultsThatOccurTakeTheirCountsOnly) {
  const NumberOccurrences columns =
      ParseStock<NumberOccurrences>(EncodeRows({{0, 0}, {0, 0}}));
  EXPECT_EQ(columns.occurrences().base(), 2u);
  EXPECT_FALSE(columns.has_values());
}

TEST(Repeated, CountsWithoutAnyOccurrenceAreFine) {
  NumberOccurrences columns;
  *columns.mutable_occurrences() = Constant(0);
  NumbersReader reader;
  ASSERT_THAT(DecodeRepeated(reader, columns.SerializeAsString(), 3), IsOk());
  absl::Span<const uint64_t> row;
  reader.Read(0, row);
  EXPECT_TRUE(row.empty());
}

TEST(Repeated, ValuesWithoutCountsAreRefused) {
  NumberOccurrences columns;
  *columns.mutable_values() = Constant(1);
  NumbersReader reader;
  EXPECT_THAT(DecodeRepeated(reader, columns.SerializeAsString(), 3),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("a field that never occurs")));
  EXPECT_THAT(DecodeRepeated(reader, "", 3),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(Repeated, AFewBytesCannotUnfoldToMuchMemory) {
  NumberOccurrences columns;
  *columns.mutable_occurrences() = Constant(UINT32_MAX);
  *columns.mutable_values() = Constant(1);
  NumbersReader reader;
  const absl::Status status =
      DecodeRepeated(reader, columns.SerializeAsString(), 65536);
  EXPECT_EQ(ReasonOf(status), ERROR_REASON_LIMIT) << status;
}

// A list of lists, as generated code would read it.
class ListColumnReader final : public ColumnReader {
 public:
  void SetDefault() override { numbers_.SetDefault(); }
  absl::Status DecodeAs(const FieldEntry& field, absl::string_view column,
                        size_t count, DecodeContext& context) override {
    counts_seen.push_back(count);
    return numbers_.DecodeAs(field, column, count, context);
  }
  NumbersView Stored(BoundsEntry::Column column, size_t count) const override {
    return numbers_.Stored(column, count);
  }
  void Read(size_t i, absl::Span<const uint64_t>& row) {
    numbers_.Read(i, row);
  }

  static std::vector<size_t> counts_seen;

 private:
  NumbersReader numbers_;
};
std::vector<size_t> ListColumnReader::counts_seen;

TEST(Repeated, ProductsOfCountsCannotWrapAround) {
  // 65536 * 2^31 * 2^31 values is 2^78, which is 0 modulo 2^64.
  NumberOccurrences inner;
  *inner.mutable_occurrences() = Constant(uint64_t{1} << 31);
  NumberOccurrences outer;
  *outer.mutable_occurrences() = Constant(uint64_t{1} << 31);
  // Field 2 is length-delimited in both.
  const std::string inner_bytes = inner.SerializeAsString();
  std::string bytes = outer.SerializeAsString();
  bytes += '\x12';
  bytes += static_cast<char>(inner_bytes.size());
  bytes += inner_bytes;
  RepeatedReader<ListColumnReader, absl::Span<const uint64_t>> reader;
  const absl::Status status = DecodeRepeated(reader, bytes, 65536);
  EXPECT_EQ(ReasonOf(status), ERROR_REASON_LIMIT) << status;
  // The limit holds before what it limits is looked at.
  EXPECT_TRUE(ListColumnReader::counts_seen.empty());
}

TEST(Optional, RowsComeBack) {
  OptionalBuilder<BytesColumnBuilder> builder;
  const std::vector<std::optional<absl::string_view>> rows = {
      std::nullopt, "a", "", std::nullopt, "bcd"};
  for (size_t i = 0; i < rows.size(); ++i) builder.Append(i, rows[i]);
  const std::string columns = EncodeField({}, [&](MessageWriter& out) {
    builder.EncodeAs(Field(COLUMN_KIND_TEXT), 1, rows.size(), out);
  });
  OptionalReader<BytesColumnReader> reader;
  ASSERT_THAT(DecodeColumn(reader, columns, rows.size(), Limits(),
                           Field(COLUMN_KIND_TEXT)),
              IsOk());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::optional<absl::string_view> row;
    reader.Read(i, row);
    EXPECT_EQ(row, rows[i]);
  }
  EXPECT_EQ(reader.total(), 3u);
}

TEST(Optional, OccursOnceAtMost) {
  NumberOccurrences columns;
  *columns.mutable_occurrences() = Constant(2);
  OptionalReader<NumberColumnReader<uint64_t>> reader;
  EXPECT_THAT(DecodeColumn(reader, columns.SerializeAsString(), 3),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("neither 0 nor 1")));
}

TEST(Optional, CountAndValuesMustAgree) {
  NumberOccurrences columns;
  *columns.mutable_occurrences() = Constant(0);
  *columns.mutable_values() = Constant(1);
  OptionalReader<NumberColumnReader<uint64_t>> reader;
  EXPECT_THAT(
      DecodeColumn(reader, columns.SerializeAsString(), 3),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("without a row")));
}

}  // namespace
}  // namespace devstate
