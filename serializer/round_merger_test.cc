// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Rounds, merged: against a model, and with everything that can be wrong.

#include "devstate/serializer/round_merger.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/third_party/protobuf_compat/message_text.h"
#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::HandmadeStream;
using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::TextFormat;
using ::testing::HasSubstr;

constexpr char kSchema[] = R"(
  syntax = "proto3";
  package t;
  import "devstate/options.proto";
  message S {
    option (devstate.message) = { schema: "t" version: 1 device: "d" };
    uint64 clock = 1 [(devstate.field).feature = "CLOCK"];
    repeated File files = 2;
    repeated Pair pairs = 3 [(devstate.field) = { unique_by: ["a", "b"] }];
    repeated Note notes = 4;
  }
  message File {
    option (devstate.message) = { key: "id" };
    uint64 id = 1;
    string name = 2;
    repeated uint32 blocks = 3;
  }
  message Pair {
    bytes b = 1;
    optional uint32 value = 2;
    string a = 3;
  }
  message Note { string text = 1; }
)";

constexpr uint32_t kFiles = 2;
constexpr uint32_t kPairs = 3;
constexpr uint32_t kNotes = 4;

class RoundMergerTest : public ::testing::Test {
 protected:
  RoundMergerTest()
      : schema_(*ParseSchema("t.proto", kSchema, SchemaLoadOptions())),
        facts_(schema_.root()) {}

  const FieldDescriptor& Field(uint32_t number) const {
    return *schema_.root().FindFieldByNumber(static_cast<int>(number));
  }
  std::unique_ptr<Message> NewRoot() {
    return std::unique_ptr<Message>(
        factory_.GetPrototype(&schema_.root())->New());
  }
  std::unique_ptr<Message> Root(const std::string& text) {
    std::unique_ptr<Message> root = NewRoot();
    EXPECT_TRUE(TextFormat::ParseFromString(text, root.get())) << text;
    return root;
  }
  std::unique_ptr<Message> Record(uint32_t field, const std::string& text) {
    std::unique_ptr<Message> record(
        factory_.GetPrototype(Field(field).message_type())->New());
    EXPECT_TRUE(TextFormat::ParseFromString(text, record.get())) << text;
    return record;
  }
  std::unique_ptr<DynamicStateWriter> Writer(ByteSink* sink,
                                             WriterOptions options = {}) {
    if (!options.used_features.has_value()) {
      options.used_features.emplace(1, "CLOCK");
    }
    return std::make_unique<DynamicStateWriter>(sink, schema_.model(),
                                                facts_.info(), options);
  }
  // Returns the state as text.
  absl::StatusOr<std::string> Read(const std::string& stream,
                                   const Limits& limits = {}) {
    StringSource source(stream);
    DynamicStateReader reader(&source, limits);
    std::unique_ptr<Message> state = NewRoot();
    StateCollector collector(state.get());
    DS_RETURN_IF_ERROR(reader.Read(schema_.model(), collector));
    return MessageText(*state);
  }
  // A stream with a first round of these records and a second one.
  HandmadeStream Handmade(uint32_t field, uint32_t records,
                          const std::string& columns = "") {
    StreamHeader header;
    header.root_message = "t.S";
    HandmadeStream stream(Serialize(header));
    stream.Add(ChunkType::kFirstRound, 1, 0, "").AddRoot();
    if (records != 0) stream.AddBatch(field, records, columns);
    stream.Add(ChunkType::kRoundComplete, 1, 0, "");
    stream.Add(ChunkType::kDeltaRound, 2, 0, "").AddRoot();
    return stream;
  }
  void ExpectRefused(HandmadeStream& stream, ErrorReason reason,
                     const std::string& text, const Limits& limits = {}) {
    stream.Add(ChunkType::kFinal, 2, 0, "");
    const auto read = Read(stream.Finish(), limits);
    EXPECT_EQ(ReasonOf(read.status()), reason) << read.status();
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(text));
  }

  const LoadedSchema schema_;
  const SchemaFacts facts_;
  google::protobuf::DynamicMessageFactory factory_;
};

// What a state in rounds stands for, worked out the plain way.
class Model {
 public:
  void SetRoot(const Message& root) { root_ = MessageText(root); }
  void Upsert(uint32_t field, const std::string& key, const Message& record) {
    Erase(field, key);
    records_[field].push_back({key, MessageText(record)});
  }
  void Erase(uint32_t field, const std::string& key) {
    auto& records = records_[field];
    records.erase(std::remove_if(
                      records.begin(), records.end(),
                      [&key](const auto& each) { return each.key == key; }),
                  records.end());
  }
  const std::string& KeyAt(uint32_t field, size_t i) const {
    return records_.at(field)[i].key;
  }
  size_t size(uint32_t field) const {
    const auto found = records_.find(field);
    return found == records_.end() ? 0 : found->second.size();
  }
  std::string Text() const {
    std::string text = root_;
    for (const auto& [field, records] : records_) {
      for (const Each& each : records) {
        absl::StrAppend(&text, field == kFiles ? " files" : " pairs", " { ",
                        each.text, " }");
      }
    }
    return text;
  }

 private:
  struct Each {
    std::string key;
    std::string text;
  };
  std::string root_;
  std::map<uint32_t, std::vector<Each>> records_;
};

TEST_F(RoundMergerTest, LastRoundWins) {
  StringSink sink;
  const auto writer = Writer(&sink);
  ASSERT_THAT(writer->BeginRound(*Root("clock: 1")), IsOk());
  for (const char* file :
       {"id: 1 name: 'a'", "id: 2 name: 'b' blocks: 7", "id: 3"}) {
    ASSERT_THAT(writer->Add(Field(kFiles), *Record(kFiles, file)), IsOk());
  }
  ASSERT_THAT(writer->Add(Field(kNotes), *Record(kNotes, "text: 'n'")), IsOk());
  ASSERT_THAT(writer->EndRound(), IsOk());
  ASSERT_THAT(writer->BeginRound(*Root("clock: 2")), IsOk());
  ASSERT_THAT(writer->Delete(Field(kFiles), *Record(kFiles, "id: 1")), IsOk());
  ASSERT_THAT(writer->Add(Field(kFiles), *Record(kFiles, "id: 2 name: 'c'")),
              IsOk());
  ASSERT_THAT(writer->EndRound(), IsOk());
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  ASSERT_THAT(writer->Add(Field(kFiles), *Record(kFiles, "id: 9")), IsOk());
  ASSERT_THAT(writer->Delete(Field(kFiles), *Record(kFiles, "id: 9")), IsOk());
  ASSERT_THAT(writer->Add(Field(kFiles), *Record(kFiles, "id: 1")), IsOk());
  ASSERT_THAT(writer->Finish(), IsOk());
  const auto read = Read(sink.written);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read,
            MessageText(*Root("files { id: 3 } files { id: 2 name: 'c' } "
                              "files { id: 1 } notes { text: 'n' }")));
}

TEST_F(RoundMergerTest, OfADeletedRecordTheKeyAloneTravels) {
  StringSink sink;
  WriterOptions options;
  options.compression = Compression::Raw();
  const auto writer = Writer(&sink, options);
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  ASSERT_THAT(
      writer->Add(Field(kFiles), *Record(kFiles, "id: 1 name: 'first'")),
      IsOk());
  ASSERT_THAT(writer->EndRound(), IsOk());
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  ASSERT_THAT(
      writer->Delete(Field(kFiles), *Record(kFiles, "id: 1 name: 'second'")),
      IsOk());
  ASSERT_THAT(writer->Finish(), IsOk());
  EXPECT_THAT(sink.written, HasSubstr("first"));
  EXPECT_THAT(sink.written, ::testing::Not(HasSubstr("second")));
  EXPECT_THAT(Read(sink.written), IsOk());
}

TEST_F(RoundMergerTest, PartsOfAKeyAreToldApart) {
  StringSink sink;
  const auto writer = Writer(&sink);
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  for (const char* pair : {"a: 'x' b: 'yz'", "a: 'xy' b: 'z'", "a: 'xyz'"}) {
    ASSERT_THAT(writer->Add(Field(kPairs), *Record(kPairs, pair)), IsOk());
  }
  ASSERT_THAT(writer->EndRound(), IsOk());
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  ASSERT_THAT(
      writer->Delete(Field(kPairs), *Record(kPairs, "a: 'xy' b: 'z'")),
      IsOk());
  ASSERT_THAT(writer->Finish(), IsOk());
  const auto read = Read(sink.written);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read,
            MessageText(*Root("pairs { a: 'x' b: 'yz' } pairs { a: 'xyz' }")));
}

// Random histories. What is read is what the model has, and the same as the
// state written whole.
TEST_F(RoundMergerTest, MergedIsTheStateWrittenWhole) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](uint32_t n) { return random() % n; };
    StringSink sink;
    WriterOptions options;
    options.max_batch_records = 1 + below(6);
    options.compression =
        below(2) == 0 ? Compression::Raw() : Compression::Zstd(1);
    const auto writer = Writer(&sink, options);
    Model model;
    const uint32_t rounds = 1 + below(6);
    for (uint32_t round = 1; round <= rounds; ++round) {
      const auto root = Root(absl::StrCat("clock: ", below(9)));
      model.SetRoot(*root);
      ASSERT_THAT(writer->BeginRound(*root), IsOk());
      for (const uint32_t field : {kFiles, kPairs}) {
        for (uint32_t change = below(20); change != 0; --change) {
          const bool remove =
              round > 1 && model.size(field) != 0 && below(3) == 0;
          std::string key =
              field == kFiles
                  ? absl::StrCat("id: ", below(24))
                  : absl::StrCat("a: '", std::string(below(3), 'x'), "' b: '",
                                 std::string(below(4), 'x'), "'");
          if (remove) {
            key = model.KeyAt(field, below(model.size(field)));
            model.Erase(field, key);
            ASSERT_THAT(writer->Delete(Field(field), *Record(field, key)),
                        IsOk());
            continue;
          }
          const Model before = model;
          const auto record = Record(
              field,
              absl::StrCat(key, field == kFiles ? " blocks: " : " value: ",
                           below(1000),
                           field == kFiles && below(3) == 0
                               ? " name: 'nnnnnnnnnnnnnn'"
                               : ""));
          model.Upsert(field, key, *record);
          // In the first round a key comes once.
          if (round == 1 && model.size(field) == before.size(field)) {
            model = before;
            continue;
          }
          ASSERT_THAT(writer->Add(Field(field), *record), IsOk());
        }
      }
      ASSERT_THAT(round == rounds ? writer->Finish() : writer->EndRound(),
                  IsOk());
    }
    const auto read = Read(sink.written);
    ASSERT_THAT(read, IsOk()) << "seed " << seed;
    const std::unique_ptr<Message> expected = Root(model.Text());
    ASSERT_EQ(*read, MessageText(*expected)) << "seed " << seed;
    StringSink whole;
    ASSERT_THAT(WriteWholeState(*expected, schema_.model(), *Writer(&whole)),
                IsOk());
    ASSERT_EQ(*Read(whole.written), *read) << "seed " << seed;
  }
}

TEST_F(RoundMergerTest, DeletionNeedsItsRecord) {
  HandmadeStream stream = Handmade(kFiles, 0);
  stream.Add(ChunkType::kDeletions, kFiles, 1, "");
  ExpectRefused(stream, ERROR_REASON_MALFORMED,
                "files: record 0 of the batch is deleted, and there is none");
  HandmadeStream twice = Handmade(kFiles, 1);
  twice.Add(ChunkType::kDeletions, kFiles, 2, "");
  ExpectRefused(twice, ERROR_REASON_MALFORMED, "record 1 of the batch");
}

TEST_F(RoundMergerTest, KeyComesOnceInTheFirstRound) {
  HandmadeStream stream = Handmade(kFiles, 2);
  ExpectRefused(stream, ERROR_REASON_MALFORMED, "has the key of a record");
  // Without a key nothing can come twice.
  HandmadeStream notes = Handmade(kNotes, 2);
  notes.Add(ChunkType::kFinal, 2, 0, "");
  EXPECT_THAT(Read(notes.Finish()), IsOk());
}

TEST_F(RoundMergerTest, DeletionHasColumnsOfTheKeyAlone) {
  HandmadeStream stream = Handmade(kFiles, 1);
  // An empty column of names.
  stream.Add(ChunkType::kDeletions, kFiles, 1, "\x12\x02\x08\x06");
  ExpectRefused(stream, ERROR_REASON_MALFORMED,
                "a deletion has column 2, which is not of the record's key");
}

TEST_F(RoundMergerTest, ChangesWithoutAKeyAreRefused) {
  for (const ChunkType type : {ChunkType::kUpserts, ChunkType::kDeletions}) {
    HandmadeStream stream = Handmade(kNotes, 1);
    stream.Add(type, kNotes, 1, "");
    ExpectRefused(stream, ERROR_REASON_MALFORMED, "declares no key");
  }
  StringSink sink;
  const auto writer = Writer(&sink);
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  ASSERT_THAT(writer->EndRound(), IsOk());
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  EXPECT_THAT(writer->Add(Field(kNotes), *Record(kNotes, "")),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("declare (devstate.message).key")));
}

TEST_F(RoundMergerTest, UnknownFieldsAreSkippedIfIgnorable) {
  HandmadeStream critical = Handmade(kFiles, 0);
  critical.Add(ChunkType::kUpserts, 9, 1, "");
  ExpectRefused(critical, ERROR_REASON_UNKNOWN_CONTENT, "records of field 9");
  HandmadeStream ignorable = Handmade(kFiles, 0);
  ignorable.Add(
      ChunkType::kDeletions, 9, 1, "",
      [](ChunkHeader& header) { header.flags = kChunkFlagIgnorable; });
  ignorable.Add(ChunkType::kFinal, 2, 0, "");
  EXPECT_THAT(Read(ignorable.Finish()), IsOk());
}

TEST_F(RoundMergerTest, WhatIsReplacedDoesNotCount) {
  // A File counts for 48 bytes.
  Limits limits;
  limits.max_merge_bytes = 48;
  HandmadeStream one = Handmade(kFiles, 1);
  for (int i = 0; i < 5; ++i) one.Add(ChunkType::kUpserts, kFiles, 1, "");
  one.Add(ChunkType::kFinal, 2, 0, "");
  EXPECT_THAT(Read(one.Finish(), limits), IsOk());
  limits.max_merge_bytes = 47;
  HandmadeStream many = Handmade(kFiles, 1);
  ExpectRefused(many, ERROR_REASON_LIMIT, "max_merge_bytes", limits);
}

TEST_F(RoundMergerTest, EveryRecordIsReplacedAndMemoryGivenBack) {
  // One record of each batch stays, so that every batch is rewritten.
  StringSink sink;
  WriterOptions options;
  options.max_batch_records = 64;
  const auto writer = Writer(&sink, options);
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  std::string expected;
  for (int id = 0; id < 640; ++id) {
    ASSERT_THAT(writer->Add(Field(kFiles),
                            *Record(kFiles, absl::StrCat("id: ", id))),
                IsOk());
    if (id % 64 == 63) absl::StrAppend(&expected, "files { id: ", id, " } ");
  }
  ASSERT_THAT(writer->EndRound(), IsOk());
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  for (int id = 0; id < 640; ++id) {
    if (id % 64 == 63) continue;
    ASSERT_THAT(writer->Delete(Field(kFiles),
                               *Record(kFiles, absl::StrCat("id: ", id))),
                IsOk());
  }
  ASSERT_THAT(writer->Finish(), IsOk());
  const auto read = Read(sink.written);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, MessageText(*Root(expected)));
}

TEST_F(RoundMergerTest, FeaturesOfLaterRoundsAreNamedAhead) {
  StringSink sink;
  WriterOptions options;
  options.used_features.emplace();
  const auto writer = Writer(&sink, options);
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  ASSERT_THAT(writer->EndRound(), IsOk());
  EXPECT_THAT(writer->BeginRound(*Root("clock: 1")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("uses the feature CLOCK")));
}

TEST_F(RoundMergerTest, RoundsBeginAndEndInTurn) {
  const auto misuse = [](const std::string& text) {
    return StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(text));
  };
  StringSink sink;
  EXPECT_THAT(Writer(&sink)->EndRound(), misuse("without BeginRound()"));
  auto writer = Writer(&sink);
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  EXPECT_THAT(writer->BeginRound(*Root("")), misuse("before the end"));
  writer = Writer(&sink);
  ASSERT_THAT(writer->Begin(*Root("")), IsOk());
  EXPECT_THAT(writer->BeginRound(*Root("")), misuse("before the end"));
  writer = Writer(&sink);
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  EXPECT_THAT(writer->Delete(Field(kFiles), *Record(kFiles, "")),
              misuse("not in a round after the first"));
  writer = Writer(&sink);
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  ASSERT_THAT(writer->EndRound(), IsOk());
  EXPECT_THAT(writer->Add(Field(kFiles), *Record(kFiles, "")),
              misuse("before Begin()"));
  writer = Writer(&sink);
  ASSERT_THAT(writer->BeginRound(*Root("")), IsOk());
  ASSERT_THAT(writer->EndRound(), IsOk());
  EXPECT_THAT(writer->Finish(), misuse("between two rounds"));
}

}  // namespace
}  // namespace devstate
