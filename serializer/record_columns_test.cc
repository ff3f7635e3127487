// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/record_columns.h"

#include <optional>
#include <string>
#include <vector>

#include "devstate/serializer/row_columns.h"
#include "devstate/serializer/test_columns.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

enum Color { kRed = 0, kBlue = 5 };
constexpr int32_t kColors[] = {0, 5};
constexpr BoundsEntry kAtLeastOne[] = {
    {BoundsEntry::Column::kCounts, /*since=*/2, /*bounded=*/true, /*low=*/1,
     /*high=*/9, /*not_zero=*/false, /*power_of_two=*/false, /*one_of=*/{},
     /*may_be_unused=*/false, /*required=*/false, /*sensitive=*/false, " items",
     "at least 1 item"}};
constexpr FieldEntry kFields[] = {
    {1, "id", Presence::kImplicit, ValueKind::kUnsigned, 0, {}, {}},
    {3, "name", Presence::kExplicit, ValueKind::kText, 0, {}, {}},
    {4, "color", Presence::kExplicit, ValueKind::kSigned, 0, kColors, {}},
    {7, "items", Presence::kRepeated, ValueKind::kUnsigned, 8, {}, kAtLeastOne},
};
constexpr uint16_t kMembers[] = {1, 2};
constexpr OneofEntry kOneofs[] = {{"what", "name, color", kMembers}};
constexpr RecordTable kTable = {kFields, kOneofs};

// A row as the code generator makes it.
struct ThingRow {
  uint64_t id{};
  std::optional<absl::string_view> name;
  std::optional<Color> color;
  absl::Span<const uint32_t> items;

  using Members = RowMembers<&ThingRow::id, &ThingRow::name, &ThingRow::color,
                             &ThingRow::items>;
  static constexpr size_t kRecordSize = 72;
  static const RecordTable& Table() { return kTable; }
};

constexpr uint32_t kItems[] = {7, 8};

std::string Columns(const std::vector<ThingRow>& rows) {
  RowBuilder<ThingRow> builder;
  for (const ThingRow& row : rows) builder.Append(row);
  ByteBuffer buffer;
  MessageWriter writer(&buffer);
  builder.EncodeBody(writer);
  return std::string(buffer.view());
}

absl::Status Validate(const std::vector<ThingRow>& rows) {
  RowBuilder<ThingRow> builder;
  for (const ThingRow& row : rows) builder.Append(row);
  return builder.Validate(RowKind::kRecord);
}

absl::Status Decode(const std::string& columns, size_t count,
                    RowReader<ThingRow>* reader, uint32_t version = 2) {
  Chunk chunk;
  DecodeContext context(chunk, Limits(), version);
  DecodeContext::PathScope scope(context, "things");
  return reader->Decode(columns, count, context);
}

absl::Status Decode(const std::vector<ThingRow>& rows, uint32_t version = 2) {
  RowReader<ThingRow> reader;
  return Decode(Columns(rows), rows.size(), &reader, version);
}

TEST(RecordColumns, RowsComeBack) {
  const std::vector<ThingRow> rows = {{1, "a", std::nullopt, kItems},
                                      {2, std::nullopt, kBlue, {kItems, 1}},
                                      {3, std::nullopt, std::nullopt, kItems}};
  ASSERT_THAT(Validate(rows), IsOk());
  RowReader<ThingRow> reader;
  const std::string columns = Columns(rows);
  ASSERT_THAT(Decode(columns, rows.size(), &reader), IsOk());
  for (size_t i = 0; i < rows.size(); ++i) {
    ThingRow row;
    reader.Read(i, row);
    EXPECT_EQ(row.id, rows[i].id);
    EXPECT_EQ(row.name, rows[i].name);
    EXPECT_EQ(row.color, rows[i].color);
    EXPECT_EQ(row.items, rows[i].items);
  }
}

TEST(RecordColumns, ARowCountsForItsStringsAndElements) {
  EXPECT_EQ(RowSize(ThingRow{1, "abc", std::nullopt, kItems}), 72u + 3 + 2 * 8);
  EXPECT_EQ(RowSize(ThingRow()), 72u);
}

TEST(RecordColumns, SeveralMembersOfAOneofAreRefusedInEitherDirection) {
  const std::vector<ThingRow> apart = {{0, "", std::nullopt, kItems},
                                       {0, std::nullopt, kRed, kItems}};
  EXPECT_THAT(Validate(apart), IsOk());
  EXPECT_THAT(Decode(apart), IsOk());
  std::vector<ThingRow> both = apart;
  both.push_back({0, "", kRed, kItems});
  EXPECT_THAT(Validate(both),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("what: set one of name, color at most")));
  // All rows have both: their counts are constant columns.
  const std::vector<ThingRow> all = {{0, "", kRed, kItems}};
  // All rows have one, and the last has the other.
  std::vector<ThingRow> last(3000, {0, "", std::nullopt, kItems});
  EXPECT_THAT(Decode(last), IsOk());
  last.back().color = kBlue;
  // Behind a block of rows.
  std::vector<ThingRow> far(3000, {0, std::nullopt, std::nullopt, kItems});
  far.front().name = "";
  far.back() = last.back();
  EXPECT_FALSE(Validate(far).ok());
  for (const std::vector<ThingRow>& rows : {both, all, last, far}) {
    const absl::Status status = Decode(rows);
    EXPECT_EQ(ReasonOf(status), ERROR_REASON_MALFORMED);
    EXPECT_THAT(status.message(),
                HasSubstr("things: a row has several members of the oneof "
                          "what"));
  }
}

TEST(RecordColumns, EnumsAreClosedInEitherDirection) {
  const std::vector<ThingRow> rows = {
      {0, std::nullopt, kBlue, kItems},
      {0, std::nullopt, static_cast<Color>(3), kItems}};
  EXPECT_THAT(Validate(rows),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("color: occurrence 1 in the batch has 3, "
                                 "allowed are the values that the enum "
                                 "names")));
  const absl::Status status = Decode(rows);
  EXPECT_EQ(ReasonOf(status), ERROR_REASON_UNKNOWN_CONTENT);
  EXPECT_THAT(status.message(),
              HasSubstr("things.color: an enum has a value that the schema "
                        "does not name"));
}

TEST(RecordColumns, BoundsHoldInEitherDirectionFromTheirVersionOn) {
  const std::vector<ThingRow> rows = {{0, std::nullopt, std::nullopt, kItems},
                                      {}};
  EXPECT_THAT(Validate(rows),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("items: record 1 of the batch has 0 items, "
                                 "allowed is at least 1 item")));
  const absl::Status status = Decode(rows);
  EXPECT_EQ(ReasonOf(status), ERROR_REASON_CONSTRAINT);
  EXPECT_THAT(status.message(), HasSubstr("things.items: record 1 of"));
  EXPECT_THAT(Decode(rows, /*version=*/1), IsOk());
}

TEST(RecordColumns, AnUnknownColumnIsRefusedWhereverItStands) {
  // Field 2, 5 and 9, after field 1.
  for (const char* tag : {"\x12", "\x2a", "\x4a"}) {
    RowReader<ThingRow> reader;
    const std::string columns =
        Columns({{1, std::nullopt, std::nullopt, {}}}) + tag + '\0';
    const absl::Status status = Decode(columns, 1, &reader, /*version=*/1);
    EXPECT_EQ(ReasonOf(status), ERROR_REASON_UNKNOWN_CONTENT) << status;
  }
}

}  // namespace
}  // namespace devstate
