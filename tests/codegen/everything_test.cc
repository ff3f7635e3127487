// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Generated code on a schema that has everything: it agrees with itself, and
// with what stock protobuf makes of the same stream.

#include <map>
#include <string>
#include <vector>

#include "devstate/options.pb.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "tests/codegen/everything_columns.pb.h"
#include "tests/codegen/everything_rows.h"
#include "tests/codegen/stock_columns.h"
#include "zstd.h"

namespace devstate::test::everything {
namespace {

using ::devstate::testing::DecodeStock;
using ::devstate::testing::EncodeStock;
using ::devstate::testing::HandmadeStream;
using ::devstate::testing::HasUnknownFields;
using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20261122;

struct Variant {
  const char* name;
  Compression compression;
  bool plain_columns;
};
const Variant kVariants[] = {
    {"Raw", Compression::Raw(), false},
    {"Zstd", Compression::Zstd(1), false},
    {"Automatic", Compression::Automatic(), false},
    {"Plain", Compression::Raw(), true},
    {"PlainZstd", Compression::Zstd(1), true},
};

class Everythings : public ::testing::TestWithParam<Variant> {
 protected:
  std::string Written(State& state, uint32_t max_batch_records = 64) {
    WriterOptions options;
    options.compression = GetParam().compression;
    options.plain_columns = GetParam().plain_columns;
    options.max_batch_records = max_batch_records;
    StringSink sink;
    EXPECT_THAT(Write(state, &sink, options), IsOk());
    return sink.written;
  }
};

INSTANTIATE_TEST_SUITE_P(All, Everythings, ::testing::ValuesIn(kVariants),
                         [](const auto& info) { return info.param.name; });

TEST_P(Everythings, ComesBack) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{300}}) {
    State state = RandomState(kSeed + count, count);
    StringSource source(Written(state));
    State back;
    ASSERT_THAT(Read(&source, &back), IsOk());
    ExpectSameState(back, state);
  }
}

TEST_P(Everythings, IsDeterministic) {
  State state = RandomState(kSeed, 200);
  EXPECT_EQ(Written(state), Written(state));
}

TEST_P(Everythings, BatchesOfAnySizeHoldTheSame) {
  State state = RandomState(kSeed, 100);
  for (const uint32_t size : {1u, 7u, 10000u}) {
    StringSource source(Written(state, size));
    State back;
    ASSERT_THAT(Read(&source, &back), IsOk());
    ExpectSameState(back, state);
  }
}

// A message of the derived file, by field number of the root.
std::unique_ptr<Message> ColumnsOf(uint32_t field) {
  switch (field) {
    case 6:
      return std::make_unique<ScalarsColumns>();
    case 7:
      return std::make_unique<OptionalsColumns>();
    case 8:
      return std::make_unique<RepeatedsColumns>();
    case 9:
      return std::make_unique<NestedColumns>();
    case 10:
      return std::make_unique<KeywordsColumns>();
    default:
      return std::make_unique<NothingColumns>();
  }
}
std::unique_ptr<Message> RecordOf(uint32_t field) {
  switch (field) {
    case 6:
      return std::make_unique<Scalars>();
    case 7:
      return std::make_unique<Optionals>();
    case 8:
      return std::make_unique<Repeateds>();
    case 9:
      return std::make_unique<Nested>();
    case 10:
      return std::make_unique<Keywords>();
    default:
      return std::make_unique<Nothing>();
  }
}

TEST_P(Everythings, StockProtobufReadsTheSame) {
  State state = RandomState(kSeed, 300);
  StringSource source(Written(state));
  StreamReader reader(&source);
  ASSERT_THAT(reader.ReadHeader(), IsOk());
  State back;
  std::map<uint32_t, Records*> records;
  for (const auto& [number, list] : back.fields()) {
    records[static_cast<uint32_t>(number)] = list;
  }
  while (true) {
    absl::StatusOr<absl::optional<Chunk>> chunk = reader.NextChunk();
    ASSERT_THAT(chunk, IsOk());
    if (!chunk->has_value()) break;
    const std::string payload((*chunk)->payload);
    const Chunk::Header& header = (*chunk)->header;
    if (header.type == ChunkType::kRoot) {
      ASSERT_TRUE(back.root.ParseFromString(payload));
      continue;
    }
    const std::unique_ptr<Message> columns = ColumnsOf(header.field);
    ASSERT_TRUE(columns->ParseFromString(payload));
    ASSERT_FALSE(HasUnknownFields(*columns));
    for (auto& record :
         DecodeStock(*columns, *RecordOf(header.field), header.records)) {
      records[header.field]->push_back(std::move(record));
    }
  }
  ExpectSameState(back, state);
}

TEST(EverythingsByStockProtobuf, AreReadByTheGeneratedReader) {
  State state = RandomState(kSeed, 300);
  StreamHeader header;
  header.root_message = "devstate.test.everything.Everything";
  HandmadeStream stream(Serialize(header));
  stream.AddRoot(state.root.SerializeAsString());
  for (const auto& [number, records] : state.fields()) {
    if (records->empty()) continue;
    std::vector<const Message*> pointers;
    for (const auto& record : *records) pointers.push_back(record.get());
    const auto field = static_cast<uint32_t>(number);
    const std::unique_ptr<Message> columns = ColumnsOf(field);
    EncodeStock(pointers, columns.get());
    stream.AddBatch(field, static_cast<uint32_t>(records->size()),
                    columns->SerializeAsString());
  }
  StringSource source(stream.Finish());
  State back;
  ASSERT_THAT(Read(&source, &back), IsOk());
  ExpectSameState(back, state);
}

// --- What a schema is ---

TEST(EverythingSchema, SaysWhatTheAnnotationsSay) {
  const SchemaInfo& schema = EverythingSchema();
  EXPECT_EQ(schema.schema, "test.everything");
  EXPECT_EQ(schema.version, 3u);
  EXPECT_EQ(schema.min_reader, 2u);
  EXPECT_EQ(schema.device, "test \"device\"");
  EXPECT_EQ(schema.root_message, "devstate.test.everything.Everything");
  EXPECT_EQ(schema.fingerprint.size(), 32u);
}

// Without the JSON names, which are not embedded.
TEST(EverythingSchema, DescriptorSetBuildsWithTheFilesThatEveryReaderHas) {
  const absl::string_view frame = EverythingSchema().descriptor_set;
  std::string bytes(ZSTD_getFrameContentSize(frame.data(), frame.size()), '\0');
  ASSERT_EQ(
      ZSTD_decompress(&bytes[0], bytes.size(), frame.data(), frame.size()),
      bytes.size());
  google::protobuf::FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromString(bytes));

  google::protobuf::DescriptorPool pool;
  google::protobuf::FileDescriptorProto file;
  google::protobuf::FileDescriptorProto::descriptor()->file()->CopyTo(&file);
  ASSERT_NE(pool.BuildFile(file), nullptr);
  file.Clear();
  FieldAnnotations::descriptor()->file()->CopyTo(&file);
  ASSERT_NE(pool.BuildFile(file), nullptr);
  for (const auto& part : set.file()) {
    ASSERT_NE(pool.BuildFile(part), nullptr) << part.name();
  }
  const auto* root =
      pool.FindMessageTypeByName("devstate.test.everything.Everything");
  ASSERT_NE(root, nullptr);
  google::protobuf::DescriptorProto actual;
  google::protobuf::DescriptorProto expected;
  root->CopyTo(&actual);
  Everything::descriptor()->CopyTo(&expected);
  EXPECT_EQ(actual.SerializeAsString(), expected.SerializeAsString());
}

// --- Misuse and refusals ---

TEST(EverythingWriter, RecordsComeInAscendingOrderOfField) {
  StringSink sink;
  EverythingWriter writer(&sink);
  ASSERT_THAT(writer.Begin(Everything()), IsOk());
  ASSERT_THAT(writer.AddNested(NestedRow()), IsOk());
  const absl::Status status = writer.AddScalars(ScalarsRow());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("ascending order")));
  // A record is missing now: there must never be a trailer.
  EXPECT_EQ(writer.AddNested(NestedRow()), status);
  EXPECT_EQ(writer.Finish(), status);
  EXPECT_EQ(sink.written, "");
}

TEST(EverythingWriter, BeginComesFirstAndOnce) {
  StringSink sink;
  EverythingWriter early(&sink);
  EXPECT_THAT(early.AddNested(NestedRow()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(early.Begin(Everything()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EverythingWriter twice(&sink);
  ASSERT_THAT(twice.Begin(Everything()), IsOk());
  EXPECT_THAT(twice.Begin(Everything()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(twice.Finish(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EverythingWriter never(&sink);
  EXPECT_THAT(never.Finish(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(sink.written, "");
}

TEST(EverythingWriter, NothingFollowsFinish) {
  StringSink sink;
  EverythingWriter writer(&sink);
  ASSERT_THAT(writer.Begin(Everything()), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  const std::string complete = sink.written;
  EXPECT_THAT(writer.AddSize(NothingRow()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(writer.Finish(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(sink.written, complete);
}

TEST(EverythingWriter, TheRootHoldsNoRecords) {
  StringSink sink;
  EverythingWriter writer(&sink);
  Everything root;
  root.add_scalars();
  EXPECT_THAT(writer.Begin(root), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("records of scalars")));
}

TEST(EverythingWriter, TwoMembersOfAOneofAreRefused) {
  StringSink sink;
  EverythingWriter writer(&sink);
  ASSERT_THAT(writer.Begin(Everything()), IsOk());
  NestedRow row;
  row.number = 1;
  row.flag = true;
  ASSERT_THAT(writer.AddNested(row), IsOk());
  EXPECT_THAT(writer.Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("choice: set one of number, name, deep, "
                                 "nothing, flag at most")));
}

TEST(EverythingWriter, TextThatIsNotUtf8IsRefusedByItsPath) {
  StringSink sink;
  EverythingWriter writer(&sink);
  ASSERT_THAT(writer.Begin(Everything()), IsOk());
  OptionalsRow row;
  row.part.emplace();
  row.part->label = "\xff";
  ASSERT_THAT(writer.AddOptionals(row), IsOk());
  EXPECT_THAT(
      writer.Finish(),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("optionals 0 to 0: part.label: occurrence 0 in the "
                         "batch has \"\\xff\"")));
}

TEST(EverythingWriter, BatchesFitIntoChunksWhateverTheOptions) {
  // Numbers that take 10 bytes each, beside numbers of fixed count.
  for (const bool plain : {false, true}) {
    WriterOptions options;
    options.plain_columns = plain;
    options.max_batch_records = UINT32_MAX;
    options.max_batch_bytes = UINT32_MAX;
    options.compression = Compression::Raw();
    StringSink sink;
    EverythingWriter writer(&sink, options);
    ASSERT_THAT(writer.Begin(Everything()), IsOk());
    std::vector<uint64_t> numbers(40, UINT64_MAX);
    RepeatedsRow row;
    for (int i = 0; i < 20000; ++i) {
      numbers[static_cast<size_t>(i) % 40] = static_cast<uint64_t>(-i);
      row.u64 = numbers;
      ASSERT_THAT(writer.AddRepeateds(row), IsOk());
    }
    ASSERT_THAT(writer.Finish(), IsOk());
  }
}

class Refusals : public ::testing::Test {
 protected:
  // A stream with this root chunk and one batch.
  absl::Status ReadWith(const std::string& root, uint32_t field = 0,
                        uint32_t records = 0, const std::string& payload = "",
                        uint16_t flags = 0) {
    StreamHeader header;
    header.root_message = root_message_;
    HandmadeStream stream(Serialize(header));
    stream.AddRoot(root);
    if (field != 0) {
      stream.Add(ChunkType::kBatch, field, records, payload,
                 [flags](ChunkHeader& h) { h.flags = flags; });
    }
    StringSource source(stream.Finish());
    State state;
    return Read(&source, &state);
  }

  std::string root_message_ = "devstate.test.everything.Everything";
};

TEST_F(Refusals, AnotherRootMessage) {
  root_message_ = "some.other.State";
  EXPECT_THAT(ReadWith(""), StatusIs(absl::StatusCode::kFailedPrecondition,
                                     HasSubstr("holds a some.other.State")));
}

TEST_F(Refusals, ARootThatIsNoMessage) {
  EXPECT_EQ(ReasonOf(ReadWith("\x0a")), ERROR_REASON_MALFORMED);
}

TEST_F(Refusals, UnknownFieldsOfTheRootAtAnyDepth) {
  EXPECT_EQ(ReasonOf(ReadWith("\xf8\x07\x01")), ERROR_REASON_UNKNOWN_CONTENT);
  // In `part`; and `singular` with another wire type.
  EXPECT_THAT(ReadWith("\x2a\x03\xf8\x07\x01"),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("part.127 is a field")));
  EXPECT_EQ(ReasonOf(ReadWith("\x0a\x01x")), ERROR_REASON_UNKNOWN_CONTENT);
}

TEST_F(Refusals, UnknownEnumValuesOfTheRoot) {
  EXPECT_THAT(ReadWith("\x10\x63"),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("color has the value 99")));
}

TEST_F(Refusals, WhatAParserOfTheRootWouldHideOrMerge) {
  const struct {
    const char* name;
    std::string root;
    ErrorReason reason;
  } kCases[] = {
      {"unknown field in a map entry", "\x22\x02\x18\x01",
       ERROR_REASON_UNKNOWN_CONTENT},
      {"unknown group", "\xfb\x07\xfc\x07", ERROR_REASON_UNKNOWN_CONTENT},
      {"key of a map twice", "\x22\x03\x0a\x01k\x22\x03\x0a\x01k",
       ERROR_REASON_MALFORMED},
      {"message twice", std::string("\x2a\x02\x08\x01\x2a\x00", 6),
       ERROR_REASON_MALFORMED},
      {"number above 32 bits", "\x08\xff\xff\xff\xff\x1f",
       ERROR_REASON_MALFORMED},
      {"tenth byte above 1", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
       ERROR_REASON_MALFORMED},
      {"element of packed numbers above 32 bits",
       "\x1a\x05\xff\xff\xff\xff\x1f", ERROR_REASON_MALFORMED},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(ReasonOf(ReadWith(test.root)), test.reason) << test.name;
  }
  // A singular value may be repeated: the last one counts.
  EXPECT_THAT(ReadWith("\x10\x63\x10\x01"), IsOk());
  EXPECT_EQ(ReasonOf(ReadWith("\x10\x01\x10\x63")),
            ERROR_REASON_UNKNOWN_CONTENT);
}

TEST_F(Refusals, BadUtf8OfTheRootWithoutAWordOnStandardError) {
  ::testing::internal::CaptureStderr();
  // The label of a part, and the key of a map.
  const absl::Status label = ReadWith("\x2a\x03\x12\x01\xff");
  const absl::Status key = ReadWith("\x22\x03\x0a\x01\xff");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(label, StatusIs(absl::StatusCode::kInvalidArgument,
                              HasSubstr("part.label is not valid UTF-8")));
  EXPECT_THAT(key, StatusIs(absl::StatusCode::kInvalidArgument,
                            HasSubstr("parts.key is not valid UTF-8")));
}

TEST_F(Refusals, AKeyOfAMapTwice) {
  RepeatedsColumns columns;
  auto* map = columns.mutable_by_name();
  map->mutable_occurrences()->set_kind(COLUMN_KIND_UNSIGNED);
  for (const uint64_t count : {1, 2, 3}) {
    map->mutable_occurrences()->add_values(count);
  }
  auto* key = map->mutable_values()->mutable_key();
  key->set_kind(COLUMN_KIND_TEXT);
  key->mutable_lengths()->set_kind(COLUMN_KIND_UNSIGNED);
  key->mutable_lengths()->set_encoding(NUMBER_ENCODING_CONSTANT);
  key->mutable_lengths()->set_base(1);
  // The same key in two records is fine, and so is any order.
  key->set_data("abacba");
  EXPECT_THAT(ReadWith("", 8, 3, columns.SerializeAsString()), IsOk());
  key->set_data("abacbc");
  EXPECT_THAT(ReadWith("", 8, 3, columns.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("repeateds.by_name: row 2 has a key of the "
                                 "map twice")));
}

TEST(EverythingWriter, RefusesAMapWithAKeyTwice) {
  StringSink sink;
  EverythingWriter writer(&sink);
  ASSERT_THAT(writer.Begin(Everything()), IsOk());
  const Repeateds_ByNumberEntryRow entries[] = {{7, "a"}, {7, "b"}};
  RepeatedsRow row;
  row.by_number = entries;
  ASSERT_THAT(writer.AddRepeateds(row), IsOk());
  EXPECT_THAT(writer.Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("by_number.record 0 of the batch has a key of "
                                 "the map twice")));
}

TEST_F(Refusals, RecordsInTheRoot) {
  Everything root;
  root.add_scalars();
  EXPECT_THAT(ReadWith(root.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("scalars: records outside of a batch")));
}

TEST_F(Refusals, RecordsOfAnUnknownFieldUnlessTheyAreIgnorable) {
  EXPECT_THAT(ReadWith("", 99, 1), StatusIs(absl::StatusCode::kUnimplemented,
                                            HasSubstr("records of field 99")));
  EXPECT_THAT(ReadWith("", 99, 1, "", kChunkFlagIgnorable), IsOk());
}

TEST_F(Refusals, UnknownColumnsByTheirPath) {
  EXPECT_THAT(ReadWith("", 6, 1, std::string("\xfa\x07\x00", 3)),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("chunk 1: scalars: the records have a field "
                                 "127")));
}

TEST_F(Refusals, UnknownEnumValuesOfRecords) {
  ScalarsColumns columns;
  columns.mutable_color()->set_kind(COLUMN_KIND_SIGNED);
  columns.mutable_color()->add_values(6);
  EXPECT_THAT(
      ReadWith("", 6, 1, columns.SerializeAsString()),
      StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("scalars.color")));
}

TEST_F(Refusals, SeveralMembersOfAOneof) {
  NestedColumns columns;
  for (auto* occurrences : {columns.mutable_number()->mutable_occurrences(),
                            columns.mutable_nothing()->mutable_occurrences()}) {
    occurrences->set_kind(COLUMN_KIND_UNSIGNED);
    occurrences->add_values(1);
  }
  EXPECT_THAT(ReadWith("", 9, 1, columns.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("several members of the oneof choice")));
}

TEST(EverythingReader, ReadsOnce) {
  State state = RandomState(kSeed, 5);
  StringSink sink;
  ASSERT_THAT(Write(state, &sink, WriterOptions()), IsOk());
  // Fails the first time, halfway.
  class Stopper : public EverythingVisitor {
   public:
    absl::Status OnRoot(const Everything&) override {
      return absl::CancelledError("enough");
    }
    absl::Status OnScalars(ScalarsBatch&) override { return Fine(); }
    absl::Status OnOptionals(OptionalsBatch&) override { return Fine(); }
    absl::Status OnRepeateds(RepeatedsBatch&) override { return Fine(); }
    absl::Status OnNested(NestedBatch&) override { return Fine(); }
    absl::Status OnClass(ClassBatch&) override { return Fine(); }
    absl::Status OnVisitor(VisitorBatch&) override { return Fine(); }
    absl::Status OnStream(StreamBatch&) override { return Fine(); }
    absl::Status OnStatus(StatusBatch&) override { return Fine(); }
    absl::Status OnSize(SizeBatch&) override { return Fine(); }
    absl::Status Fine() { return absl::OkStatus(); }
  };
  StringSource source(sink.written);
  EverythingReader reader(&source);
  Stopper stopper;
  EXPECT_THAT(reader.Read(stopper), StatusIs(absl::StatusCode::kCancelled));
  // Nothing that went on from here would be the whole state.
  EXPECT_THAT(reader.Read(stopper),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace devstate::test::everything
