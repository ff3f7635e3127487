// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Generated readers and writers enforce the value annotations of bounds.proto.
// What is read is read in C as well, and refused in the same words.

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/third_party/protobuf_compat/message_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codegen/bounds.devstate-c.h"
#include "tests/codegen/bounds.devstate.h"
#include "tests/codegen/bounds_columns.pb.h"
#include "tests/codegen/bounds_streams.h"
#include "tests/codegen/c_states.h"

namespace devstate::test::bounds {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::OutcomeOf;
using ::devstate::testing::ReadInC;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::EndsWith;
using ::testing::HasSubstr;

absl::Status Read(const std::string& stream) {
  StringSource source(stream);
  BoundsReader reader(&source);
  Nobody nobody;
  const absl::Status status = reader.Read(nobody);
  EXPECT_EQ(ReadInC(devstate_test_bounds_bounds_schema, stream),
            OutcomeOf(status));
  return status;
}

absl::Status ReadBatch(uint32_t field, uint32_t records,
                       const std::string& payload) {
  return Read(StreamOfBatch(field, records, payload));
}

// What a reader says of records that a writer without bounds wrote.
absl::Status ReadRecords(const std::string& field,
                         const std::vector<std::string>& texts,
                         uint32_t version = kVersion) {
  return Read(StreamOfRecords(field, texts, version));
}

void ExpectRefused(const absl::Status& status, const std::string& text,
                   bool missing = false) {
  EXPECT_EQ(ReasonOf(status), ERROR_REASON_CONSTRAINT)
      << text << "; " << status;
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(text)));
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  EXPECT_EQ(detail.has_value() && detail->required_missing, missing) << text;
}

// --- Readers ---

struct Case {
  const char* field;
  const char* record;
  // Empty: the record is fine.
  const char* error;
};

class BoundsOfRecords : public ::testing::TestWithParam<Case> {};

TEST_P(BoundsOfRecords, AreEnforced) {
  const Case& c = GetParam();
  const absl::Status status = ReadRecords(c.field, {c.record});
  if (std::string(c.error).empty()) {
    EXPECT_THAT(status, IsOk()) << c.record;
  } else {
    ExpectRefused(status, c.error);
  }
}

#define REC "record 0 of the batch has "
#define OCC "occurrence 0 in the batch has "

const Case kNumbers[] = {
    {"numbers", "", ""},
    {"numbers", "i32: -4", "numbers.i32: " REC "-4, allowed is -3 to 4"},
    {"numbers", "i32: -3", ""},
    {"numbers", "i32: 4", ""},
    {"numbers", "i32: 5", "numbers.i32: " REC "5, "},
    {"numbers", "i32: 2147483647", "numbers.i32: " REC "2147483647, "},
    {"numbers", "i32: -2147483648", "numbers.i32: " REC "-2147483648, "},
    {"numbers", "i64: -9223372036854775808", "numbers.i64: " REC},
    {"numbers", "i64: -9223372036854775807", ""},
    {"numbers", "i64: 9223372036854775806", ""},
    {"numbers", "i64: 9223372036854775807", "numbers.i64: " REC},
    {"numbers", "any_i64: -9223372036854775808", ""},
    {"numbers", "any_i64: 9223372036854775807", ""},
    {"numbers", "u32: 4294967294", ""},
    {"numbers", "u32: 4294967295", "numbers.u32: " REC "4294967295, allowed "},
    {"numbers", "u64: 9223372036854775807", ""},
    {"numbers", "u64: 9223372036854775808",
     REC "9223372036854775808, allowed is at most 9223372036854775807"},
    {"numbers", "u64: 18446744073709551615", "numbers.u64: " REC},
    {"numbers", "real: 16777216", ""},
    {"numbers", "real: -16777216", ""},
    {"numbers", "real: 16777218", "numbers.real: " REC},
    {"numbers", "real: -16777218", "numbers.real: " REC},
    {"numbers", "real: nan", "numbers.real: " REC "nan, "},
    {"numbers", "real: inf", "numbers.real: " REC "inf, "},
    {"numbers", "wide_real: 0.5", ""},
    {"numbers", "wide_real: inf", ""},
    {"numbers", "wide_real: -0.0", ""},
    {"numbers", "wide_real: -5e-324", "allowed is at least 0"},
    {"numbers", "wide_real: nan", "numbers.wide_real: " REC "nan, "},
    {"numbers", "choice: 3", ""},
    {"numbers", "choice: -2", ""},
    {"numbers", "choice: -1", REC "-1, allowed is one of -2, 0, 3"},
    {"numbers", "choice: 4", "numbers.choice: " REC "4, "},
    {"numbers", "choice: -2147483648", "numbers.choice: " REC},
    {"numbers", "far_choice: -1000", ""},
    {"numbers", "far_choice: -999", REC "-999, allowed is one of -1000, 0"},
    // max leaves it out.
    {"numbers", "far_choice: 1000000", "numbers.far_choice: " REC},
    {"numbers", "text: 'abc'", ""},
    {"numbers", "text: 'abcd'",
     "numbers.text: " REC "4 bytes, allowed is at most 3"},
    {"numbers", "data: '12345678'", ""},
    {"numbers", "data: '123456789'", "numbers.data: " REC "9 bytes, "},
    {"numbers", "secret: 6",
     "numbers.secret: " REC "a value that is not shown, allowed is at most 5"},
    {"identified", "id: 1", ""},
    {"identified", "id: 18446744073709551615", ""},
    {"identified", "id: 0", "identified.id: " REC "0, allowed is at least 1"},
    {"powers", "size: 2 wide: 4611686018427387904", ""},
    {"powers", "size: 8 wide: 1", ""},
    {"powers", "size: 1 wide: 1",
     REC "1, allowed is a power of two and 2 to 8"},
    {"powers", "size: 6 wide: 1", "powers.size: " REC "6, "},
    {"powers", "size: 16 wide: 1", "powers.size: " REC "16, "},
    {"powers", "size: 2", "powers.wide: " REC "0, allowed is a power of two: "},
    {"powers", "size: 2 wide: -1", "powers.wide: " REC "-1, "},
    {"powers", "size: 2 wide: -9223372036854775808", "powers.wide: " REC},
};
INSTANTIATE_TEST_SUITE_P(Numbers, BoundsOfRecords,
                         ::testing::ValuesIn(kNumbers));

// In a part that is in every place, and of fields in every place.
const Case kPlaces[] = {
    {"places", "", ""},
    {"places", "part { id: 1 }", ""},
    {"places", "part { id: 10 }",
     "places.part.id: " OCC "10, allowed is 1 to 9"},
    {"places", "part {}", "places.part.id: " OCC "0, "},
    {"places", "outer { inner { id: 9 } }", ""},
    {"places", "outer {}", ""},
    {"places", "outer { inner {} }", "places.outer.inner.id: " OCC "0, "},
    {"places", "list { id: 1 } list { id: 9 }", ""},
    {"places", "list { id: 1 } list { id: 10 }",
     "places.list.id: occurrence 1 in the batch has 10, "},
    {"places", "list {} list {}", "places.list.id: " OCC "0, "},
    {"places", "by_name { key: 'a' value { id: 9 } }", ""},
    {"places", "by_name { key: 'a' value { id: 10 } }",
     "places.by_name.value.id: " OCC "10, "},
    {"places", "number: 1", ""},
    {"places", "number: 9", ""},
    {"places", "number: 0", "places.number: " OCC "0, allowed is 1 to 9"},
    {"places", "number: 10", "places.number: " OCC "10, "},
    {"places", "chosen { id: 1 }", ""},
    {"places", "chosen { id: 10 }", "places.chosen.id: " OCC "10, "},
    {"places", "chosen {}", "places.chosen.id: " OCC "0, "},
    {"places", "word: ''", ""},
    {"places", "word: 'ab'", ""},
    {"places", "word: 'abc'", "places.word: " OCC "3 bytes, "},
    {"places", "maybe: 1", ""},
    {"places", "maybe: 9", ""},
    {"places", "maybe: 0", "places.maybe: " OCC "0, "},
    {"places", "maybe: 10", "places.maybe: " OCC "10, "},
    {"places", "many: [1, 9, 5]", ""},
    {"places", "many: [1, 0]",
     "places.many: occurrence 1 in the batch has 0, "},
    {"places", "many: [1, 1, 1, 1]",
     "places.many: " REC "4 elements, allowed is at most 3"},
    {"places", "words: ['ab', '']", ""},
    {"places", "words: ['ab', 'abc']",
     "places.words: occurrence 1 in the batch has 3 bytes, "},
    {"places", "few { key: 1 value: 1 }", ""},
    {"places", "few { key: 1 value: 1 } few { key: 2 value: 1 }",
     "places.few: " REC "2 elements, "},
};
INSTANTIATE_TEST_SUITE_P(Places, BoundsOfRecords, ::testing::ValuesIn(kPlaces));

TEST(RequiredFields, AreThere) {
  EXPECT_THAT(ReadRecords("required", {MessageText(CompleteRecord())}),
              IsOk());
}

TEST(RequiredFields, AreMissedOneByOne) {
  const auto* descriptor = Required::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (field->name() == "with_feature") continue;
    Required record = CompleteRecord();
    record.GetReflection()->ClearField(&record, field);
    const std::string without = MessageText(record);
    // In one record of several, and in all: then its column is absent.
    ExpectRefused(
        ReadRecords("required", {MessageText(CompleteRecord()), without}),
        absl::StrCat("required.", field->name(),
                     ": record 1 of the batch has 0"),
        /*missing=*/true);
    ExpectRefused(ReadRecords("required", {without, without}),
                  absl::StrCat("required.", field->name(), ": " REC "0"),
                  /*missing=*/true);
  }
}

TEST(RequiredFields, AreBoundedAsWell) {
  Required record = CompleteRecord();
  record.set_data("abcde");
  ExpectRefused(ReadRecords("required", {MessageText(record)}),
                "required.data: " REC "5 bytes, allowed is 1 to 4");
  record = CompleteRecord();
  for (int i = 0; i < 3; ++i) record.add_list(7);
  ExpectRefused(ReadRecords("required", {MessageText(record)}),
                "required.list: " REC "4 elements, allowed is 1 to 3");
}

TEST(BoundsReader, NamesTheRecordAndTheRemedy) {
  const absl::Status status =
      ReadRecords("identified", {"id: 5", "id: 7", "", "id: 8"});
  ExpectRefused(status, "chunk 1: identified.id: record 2 of the batch has 0");
  EXPECT_THAT(std::string(status.message()),
              EndsWith("correct the writer, or, if its schema allows the "
                       "value, widen this reader's"));
}

TEST(BoundsReader, ChecksAColumnThatIsAbsentOrConstant) {
  ExpectRefused(ReadBatch(2, 1000, ""), "identified.id: " REC "0");
  IdentifiedColumns columns;
  columns.mutable_id()->set_kind(COLUMN_KIND_UNSIGNED);
  columns.mutable_id()->set_encoding(NUMBER_ENCODING_CONSTANT);
  columns.mutable_id()->set_base(0);
  ExpectRefused(ReadBatch(2, 1000, columns.SerializeAsString()),
                "identified.id: " REC "0");
  columns.mutable_id()->set_base(1);
  EXPECT_THAT(ReadBatch(2, 1000, columns.SerializeAsString()), IsOk());
}

TEST(BoundsReader, ZeroIsFineWhereAFeatureIsNotUsed) {
  EXPECT_THAT(ReadRecords("gated", {"", ""}), IsOk());
  EXPECT_THAT(ReadRecords("gated", {"size: 1", "size: 2"}), IsOk());
  // Wherever a batch ends: each record may do without the feature.
  EXPECT_THAT(ReadRecords("gated", {"size: 1", ""}), IsOk());
}

TEST(BoundsReader, StatesFromBeforeAFieldMayLackItIfItHasADefault) {
  EXPECT_THAT(ReadRecords("newer", {"id: 1"}, /*version=*/2), IsOk());
  ExpectRefused(ReadRecords("newer", {"id: 1"}, /*version=*/3),
                "newer.limit: " REC
                "0 values, allowed is 1 value: the field "
                "is required, save with a writer that fills it",
                /*missing=*/true);
}

// --- Writers ---

template <typename Add>
absl::Status Written(Add add) {
  StringSink sink;
  BoundsWriter writer(&sink);
  if (absl::Status status = writer.Begin(Bounds()); !status.ok()) return status;
  if (absl::Status status = add(writer); !status.ok()) return status;
  return writer.Finish();
}

void ExpectNotWritten(const absl::Status& status, const std::string& text) {
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text)));
}

TEST(BoundsWriter, NamesFieldRecordValueAndWhatIsAllowed) {
  ExpectNotWritten(
      Written([](BoundsWriter& writer) {
        for (const uint64_t id : {5, 0, 7}) {
          IdentifiedRow row;
          row.id = id;
          EXPECT_THAT(writer.AddIdentified(row), IsOk());
        }
        return absl::OkStatus();
      }),
      "identified 0 to 2: id: record 1 of the batch has 0, allowed is at least "
      "1: no reader would load it");
}

TEST(BoundsWriter, RefusesNumbersAndLengths) {
  NumbersRow row;
  const auto write = [&row](BoundsWriter& writer) {
    return writer.AddNumbers(row);
  };
  EXPECT_THAT(Written(write), IsOk());
  row.real = std::numeric_limits<float>::quiet_NaN();
  ExpectNotWritten(Written(write), "real: " REC "nan");
  row = {};
  row.i32 = -4;
  ExpectNotWritten(Written(write), "i32: " REC "-4");
  row = {};
  row.choice = 1;
  ExpectNotWritten(Written(write), "choice: " REC "1");
  row = {};
  row.text = "abcd";
  ExpectNotWritten(Written(write), "text: " REC "4 bytes");
  row = {};
  row.secret = 77;
  const absl::Status status = Written(write);
  ExpectNotWritten(status, "secret: " REC "a value that is not shown");
}

TEST(BoundsWriter, RefusesWhatStandsInOtherMessages) {
  PlacesRow row;
  const auto write = [&row](BoundsWriter& writer) {
    return writer.AddPlaces(row);
  };
  EXPECT_THAT(Written(write), IsOk());
  row.part.emplace();
  ExpectNotWritten(Written(write), "places 0 to 0: part.id: " OCC "0");
  row = {};
  row.outer.emplace().inner.emplace().id = 10;
  ExpectNotWritten(Written(write), "outer.inner.id: " OCC "10");
  row = {};
  const PartRow parts[] = {{1}, {10}};
  row.list = parts;
  ExpectNotWritten(Written(write), "list.id: occurrence 1 in the batch has 10");
  row = {};
  Places_ByNameEntryRow entry;
  entry.value.emplace();
  row.by_name = absl::MakeConstSpan(&entry, 1);
  ExpectNotWritten(Written(write), "by_name.value.id: " OCC "0");
  row = {};
  row.number = 0;
  ExpectNotWritten(Written(write), "number: " OCC "0");
  row = {};
  const uint32_t many[] = {1, 2, 3, 4};
  row.many = many;
  ExpectNotWritten(Written(write), "many: " REC "4 elements");
  row.many = absl::MakeConstSpan(many, 3);
  EXPECT_THAT(Written(write), IsOk());
}

TEST(BoundsWriter, RefusesMissingFields) {
  const uint32_t list[] = {1};
  Required_MapEntryRow entry;
  RequiredRow complete;
  complete.number = 1;
  complete.offset = -1;
  complete.real = 1;
  complete.flag = true;
  complete.color = BLUE;
  complete.text = complete.data = "a";
  complete.maybe = 0;
  complete.part.emplace().id = 1;
  complete.list = list;
  complete.map = absl::MakeConstSpan(&entry, 1);
  RequiredRow last = complete;
  const auto write = [&](BoundsWriter& writer) {
    EXPECT_THAT(writer.AddRequired(complete), IsOk());
    return writer.AddRequired(last);
  };
  EXPECT_THAT(Written(write), IsOk());
  last.maybe.reset();
  ExpectNotWritten(Written(write),
                   "maybe: record 1 of the batch has 0 values, allowed is 1");
  last = complete;
  last.list = {};
  ExpectNotWritten(Written(write), "list: record 1 of the batch has 0 elem");
  last = complete;
  last.flag = false;
  ExpectNotWritten(Written(write),
                   "flag: record 1 of the batch has 0, "
                   "allowed is other than 0");
  last = complete;
  last.text = "";
  ExpectNotWritten(Written(write),
                   "text: record 1 of the batch has 0 bytes, "
                   "allowed is at least 1");
  complete.map = {};
  last = complete;
  ExpectNotWritten(Written(write), "map: " REC "0 elements");
}

TEST(BoundsWriter, RefusesEnumValuesWithoutAName) {
  ColorsRow row;
  const auto write = [&row](BoundsWriter& writer) {
    EXPECT_THAT(writer.AddColors(ColorsRow()), IsOk());
    return writer.AddColors(row);
  };
  row.color = row.maybe.emplace(BLUE);
  EXPECT_THAT(Written(write), IsOk());
  row.color = static_cast<Color>(3);
  ExpectNotWritten(Written(write),
                   "color: record 1 of the batch has 3, allowed are the "
                   "values that the enum names");
  row.color = NONE;
  row.maybe = static_cast<Color>(-4);
  ExpectNotWritten(Written(write), "maybe: " OCC "-4");
  row.maybe.reset();
  const Color many[] = {RED, RED, static_cast<Color>(7)};
  row.many = many;
  ExpectNotWritten(Written(write), "many: occurrence 2 in the batch has 7");
}

}  // namespace
}  // namespace devstate::test::bounds
