// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/json_state.h"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "cli/plain_json.h"
#include "cli/state_message.h"
#include "devstate/compat/gate/random_state.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/field_comparator.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "tests/codegen/everything.pb.h"

namespace devstate {
namespace {

using ::devstate::test::everything::Everything;
using ::devstate::test::everything::Nested;
using ::devstate::test::everything::Optionals;
using ::devstate::test::everything::Scalars;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSource;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::testing::AllOf;
using ::testing::HasSubstr;

const SchemaModel& Schema() {
  static const auto& schema =
      *new SchemaModel(BuildSchemaModel(*Everything::descriptor()));
  return schema;
}

// Reads as JsonState does, `piece` bytes at a time, and puts everything into
// one message.
absl::StatusOr<Everything> ReadInParts(const std::string& json,
                                       size_t piece = SIZE_MAX,
                                       int* passes = nullptr) {
  const auto open = [&]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
    if (passes != nullptr) ++*passes;
    return std::shared_ptr<ByteSource>(
        std::make_shared<StringSource>(json, piece));
  };
  Everything state;
  auto parts = JsonState::Read(open, Schema(), &state);
  if (!parts.ok()) return parts.status();
  for (const FieldModel* table : Schema().batches) {
    const FieldDescriptor* field = table->descriptor;
    const absl::Status visited =
        (*parts)->VisitRecords(*table, [&](const Message& record) {
          state.GetReflection()->AddMessage(&state, field)->CopyFrom(record);
          return absl::OkStatus();
        });
    if (!visited.ok()) return visited;
  }
  return state;
}

Everything ReadWhole(const std::string& json) {
  Everything state;
  EXPECT_THAT(ParseState(json, StateFormat::kJson, &state), IsOk());
  return state;
}

bool Same(const Message& a, const Message& b) {
  google::protobuf::util::DefaultFieldComparator nans;
  nans.set_treat_nan_as_equal(true);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&nans);
  return differencer.Compare(a, b);
}

std::string Print(const Message& message, bool with_space = true) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = with_space;
  std::string json;
  EXPECT_TRUE(
      google::protobuf::util::MessageToJsonString(message, &json, options)
          .ok());
  return json;
}

TEST(JsonStateTest, AnyStateIsReadInPartsAsItIsReadWhole) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    Everything state;
    FillRandomly(Schema(), &random, &state);
    const std::string json = Print(state, seed % 2 == 0);
    const auto parts = ReadInParts(json);
    ASSERT_THAT(parts, IsOk()) << json;
    EXPECT_TRUE(Same(*parts, ReadWhole(json))) << json;
  }
}

TEST(JsonStateTest, PiecesMayEndAnywhere) {
  const std::string json = R"({"singular": 7, "scalars": [
      {"text": "a\"]}", "i32": -1}, {"data": "AQI=", "text": "\\"}, {}],
      "nested": [{"inner": {"innermost": {"value": 3}}}], "color": "BLUE"})";
  for (size_t piece = 1; piece < 40; ++piece) {
    const auto parts = ReadInParts(json, piece);
    ASSERT_THAT(parts, IsOk()) << piece;
    EXPECT_TRUE(Same(*parts, ReadWhole(json)));
  }
}

TEST(JsonStateTest, TablesStandInAnyOrderAndAnywhere) {
  const auto state = ReadInParts(
      R"({"nested":[{}],"scalars" : [{"u32": 1},{"u32": 2}],"singular":7})");
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->nested_size(), 1);
  ASSERT_EQ(state->scalars_size(), 2);
  EXPECT_EQ(state->scalars(1).u32(), 2);
  EXPECT_EQ(state->singular(), 7);
}

TEST(JsonStateTest, TablesInOrderAreReadInOneMorePass) {
  int passes = 0;
  ASSERT_THAT(
      ReadInParts(R"({"scalars": [{}, {}], "optionals": [{}], "nested": []})",
                  SIZE_MAX, &passes),
      IsOk());
  EXPECT_EQ(passes, 2);
  passes = 0;
  ASSERT_THAT(
      ReadInParts(R"({"optionals": [{}], "scalars": [{}]})", SIZE_MAX, &passes),
      IsOk());
  EXPECT_EQ(passes, 3);
}

TEST(JsonStateTest, WhatOnlyProtobufReadsIsReadToo) {
  // Keys without quotation marks and strings in apostrophes; numbers of enums,
  // numbers in other forms, escapes, null.
  for (
      const std::string json :
      {R"({scalars: [{u32: 1}], 'optionals': [{'text': "it's ]"}]})",
       R"({"scalars": [{"color": 1, "real": 1.5, "i32": 1e3, "text": "é\n"}]})",
       R"({"scalars": [{"i64": null}, {"u64": 18446744073709551615}]})",
       R"({"repeateds": [{"byName": {"a": {"id": "1"}}}], "nested": null})"}) {
    Everything whole;
    const absl::Status status = ParseState(json, StateFormat::kJson, &whole);
    const auto parts = ReadInParts(json);
    ASSERT_EQ(parts.ok(), status.ok()) << json << status << parts.status();
    if (!status.ok()) continue;
    EXPECT_TRUE(Same(*parts, whole)) << json;
  }
}

TEST(JsonStateTest, ErrorsNameTheRecordByItsNumber) {
  for (const auto& [record, error] : {
           std::pair<std::string, std::string>{R"({"u32": -1})", "scalars[2]"},
           {R"({"none": 1})", "scalars[2]"},
           {R"({"u32": 1, "u32": 2})", "scalars[2].u32 is there twice"},
           {"7", "scalars[2]: records are objects in braces"},
           {"null", "scalars[2]: records are objects in braces"},
           {"", "scalars[2]: records are objects in braces"},
       }) {
    EXPECT_THAT(ReadInParts(R"({"scalars": [{}, {"u32": 1},)" + record + "]}"),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(error)))
        << record;
  }
}

TEST(JsonStateTest, WhatStandsBetweenRecordsIsNamed) {
  EXPECT_THAT(ReadInParts(R"({"scalars": [{} {}]})"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("scalars[1]"), HasSubstr("\"{\""))));
  EXPECT_THAT(ReadInParts(R"({"scalars": [{}}})"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("scalars[1]"), HasSubstr("\"}\""))));
  EXPECT_THAT(ReadInParts(R"({"scalars": [, {}]})"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("scalars[0]"), HasSubstr("\",\""))));
}

TEST(JsonStateTest, WhatIsNoJsonIsRefused) {
  for (const std::string json :
       {"", "{", R"({"scalars": [)", R"({"scalars": [{})",
        R"({"scalars": [{"text": "]}]})", R"({"scalars": []} {})",
        R"(["scalars": [{}]])", R"({"singular": 1)"}) {
    EXPECT_THAT(ReadInParts(json),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("")))
        << json;
  }
}

TEST(JsonTablesTest, WhatIsReadAsAWholeIsBounded) {
  const std::string json = R"({"scalars": [{"text": "long"}], "singular": 1})";
  for (const bool enough : {false, true}) {
    StringSource source(json);
    const auto outline = ReadJsonOutline(source, Schema(), enough ? 30 : 29);
    EXPECT_EQ(outline.ok(), enough) << outline.status();
  }
  const auto records = [&json](size_t max_record) {
    JsonRecords reader(std::make_shared<StringSource>(json), max_record);
    const FieldModel* field = Schema().root->FindName("scalars");
    EXPECT_THAT(reader.Find({field, "\"scalars\"", 13}), IsOk());
    return reader.Next().status();
  };
  EXPECT_THAT(records(16), IsOk());
  EXPECT_THAT(records(15), StatusIs(absl::StatusCode::kResourceExhausted,
                                    HasSubstr("scalars[0]")));
}

TEST(JsonStateTest, ATableThatIsThereTwiceIsRefused) {
  // The check of keys does not read JSON that is not strict.
  for (const std::string json :
       {R"({singular: 1, "scalars": [{}], "scalars": [{}]})",
        R"({"scalars": [{}], scalars: [{}]})",
        R"({'scalars': [{}], "scalars": [{}]})"}) {
    EXPECT_THAT(ReadInParts(json),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("scalars is there twice")))
        << json;
  }
  EXPECT_THAT(ReadInParts(R"({"scalars": [{}], "scalars": [{}]})"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("scalars is there twice")));
}

TEST(JsonStateTest, AnErrorOfTheVisitorEndsTheRead) {
  const std::string json = R"({"scalars": [{"u32": 1}, {"u32": 2}]})";
  Everything state;
  auto parts = JsonState::Read(
      [&] {
        return absl::StatusOr<std::shared_ptr<ByteSource>>(
            std::make_shared<StringSource>(json));
      },
      Schema(), &state);
  ASSERT_THAT(parts, IsOk());
  int visited = 0;
  EXPECT_THAT((*parts)->VisitRecords(*Schema().root->FindName("scalars"),
                                     [&](const Message&) {
                                       ++visited;
                                       return absl::InternalError("enough");
                                     }),
              StatusIs(absl::StatusCode::kInternal, "enough"));
  EXPECT_EQ(visited, 1);
}

TEST(PlainJsonTest, WhatProtobufPrintsOfPlainValuesIsPlain) {
  Scalars scalars;
  scalars.set_i32(INT32_MIN);
  scalars.set_i64(INT64_MIN);
  scalars.set_u32(UINT32_MAX);
  scalars.set_u64(UINT64_MAX);
  scalars.set_flag(true);
  scalars.set_text("a name.txt");
  scalars.set_data(std::string("\0\xff\x10", 3));
  scalars.set_color(test::everything::BLUE);
  PlainJsonReader reader;
  for (const bool with_space : {false, true}) {
    Scalars read;
    ASSERT_TRUE(reader.Read(Print(scalars, with_space), &read));
    EXPECT_TRUE(Same(read, scalars));
  }
}

TEST(PlainJsonTest, PresenceIsThatOfTheText) {
  Optionals read;
  ASSERT_TRUE(PlainJsonReader().Read(
      R"({"i32": 0, "text": "", "flag": false, "part": {}})", &read));
  EXPECT_TRUE(read.has_i32());
  EXPECT_TRUE(read.has_text());
  EXPECT_TRUE(read.has_flag());
  EXPECT_TRUE(read.has_part());
  EXPECT_FALSE(read.has_u32());
}

TEST(PlainJsonTest, WhatIsNotObviousIsLeftToProtobuf) {
  PlainJsonReader reader;
  for (const std::string json : {R"({"i32": 2147483648})",
                                 R"({"u32": -1})",
                                 R"({"u32": 1.0})",
                                 R"({"u32": 1e3})",
                                 R"({"u32": 01})",
                                 R"({"i32": -0})",
                                 R"({"i32": ""})",
                                 R"({"i32": " 1"})",
                                 R"({"u64": 1234567890123456})",
                                 R"({"i32": null})",
                                 R"({"i32": +1})",
                                 R"({"real": 1})",
                                 R"({"flag": "true"})",
                                 R"({"flag": truely})",
                                 R"({"flag": 1})",
                                 R"({"text": "é"})",
                                 R"({"text": "a\n"})",
                                 R"({"text": 1})",
                                 "{\"text\": \"a\tb\"}",
                                 R"({"data": "AQI"})",
                                 R"({"data": "AQJ="})",
                                 R"({"data": "-_8="})",
                                 R"({"color": 1})",
                                 R"({"color": "PINK"})",
                                 R"({"i32": 1, "i32": 2})",
                                 R"({"i32": 1,})",
                                 R"({"none": 1})",
                                 R"({i32: 1})",
                                 R"({"i32" 1})",
                                 R"({"i32": 1)",
                                 R"({"i32": [1]})",
                                 "",
                                 "[]",
                                 "{} {}",
                                 "null"}) {
    Scalars read;
    EXPECT_FALSE(reader.Read(json, &read)) << json;
  }
  Everything root;
  EXPECT_FALSE(reader.Read(R"({"parts": {"a": {}}})", &root));
  EXPECT_FALSE(reader.Read(R"({"numbers": 1})", &root));
  EXPECT_FALSE(reader.Read(R"({"numbers": [1 2]})", &root));
}

TEST(PlainJsonTest, OneofsWithTwoMembersAreLeftToProtobuf) {
  Nested read;
  EXPECT_TRUE(PlainJsonReader().Read(R"({"number": 1, "part": {}})", &read));
  EXPECT_FALSE(PlainJsonReader().Read(R"({"number": 1, "name": "a"})", &read));
}

TEST(PlainJsonTest, WhateverIsPlainIsReadAsProtobufReadsIt) {
  PlainJsonReader reader;
  int plain = 0;
  for (uint32_t seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    Everything state;
    FillRandomly(Schema(), &random, &state);
    for (const Nested& record : state.nested()) {
      Nested read;
      if (!reader.Read(Print(record), &read)) continue;
      ++plain;
      EXPECT_TRUE(Same(read, record)) << Print(record);
    }
  }
  EXPECT_GT(plain, 0);
}

}  // namespace
}  // namespace devstate
