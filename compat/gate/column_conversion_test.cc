// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Whole batches and single records are converted to the same, with the same
// findings.

#include "devstate/compat/gate/column_conversion.h"

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/diff_testing.h"
#include "devstate/compat/gate/conversion_chain.h"
#include "devstate/compat/gate/random_schemas.h"
#include "devstate/compat/gate/random_state.h"
#include "devstate/compat/gate/state_stream.h"
#include "devstate/schema/annotations.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::Change;
using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;
using ::google::protobuf::DynamicMessageFactory;
using ::google::protobuf::Message;

SchemaView ViewOf(const LoadedSchema& schema) {
  return {&schema.root(), &schema.model()};
}

// What has become of the records of a batch.
struct Outcome {
  // Whether columns can show it.
  bool converted = false;
  bool refused = false;
  std::vector<std::string> records;
  std::string findings;
};

std::string Text(const StreamFindings& findings) {
  std::string text;
  for (const Finding& finding : findings.Sorted()) {
    absl::StrAppend(&text, finding.ShortDebugString(), "\n");
  }
  return text;
}

// A schema change, in one direction.
class TwoWays {
 public:
  TwoWays(const std::string& name, const std::string& writer,
          const std::string& reader)
      : name_(name), writer_(Parse(writer)), reader_(Parse(reader)) {
    ResetChain(nullptr, nullptr);
  }

  void ResetChain(const SchemaArchive* archive, const StepTable* steps) {
    chain_ = std::make_unique<ConversionChain>(ViewOf(writer_), ViewOf(reader_),
                                               archive, steps);
  }

  // Whether no state ever gets as far as to its records.
  bool AlwaysRefused() const {
    const std::vector<Finding>& findings = chain_->findings();
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) {
                         return finding.level() >= VERDICT_LEVEL_REFUSED;
                       });
  }

  ConversionChain& chain() { return *chain_; }
  const LoadedSchema& writer() const { return writer_; }

  // `states` random ones, each of some records and of many.
  void Run(int states) {
    std::mt19937 random(20261128);
    for (int i = 0; i < states; ++i) {
      std::unique_ptr<Message> state(New(writer_.root()));
      for (int part = i % 4 == 0 ? 40 : 1; part > 0; --part) {
        std::unique_ptr<Message> more(New(writer_.root()));
        FillRandomly(writer_.model(), &random, more.get());
        if (part > 1) ClearAllButRecords(more.get());
        state->MergeFrom(*more);
      }
      CheckStream(testing::WriteStream(
          writer_, SchemaFacts(writer_.root()).info(), *state));
    }
  }

  void CheckStream(const std::string& stream) {
    testing::StringSource source(stream);
    StreamReader chunks(&source);
    ASSERT_TRUE(chunks.ReadHeader().ok());
    while (true) {
      const absl::optional<Chunk> chunk = *chunks.NextChunk();
      if (!chunk.has_value()) return;
      if (chunk->header.type == ChunkType::kBatch) CheckBatch(*chunk);
    }
  }

  // Batches that were, and that were not, converted as columns though nothing
  // had to be refused.
  int by_columns() const { return by_columns_; }
  int left_to_records() const { return left_to_records_; }
  int refused() const { return refused_; }
  const std::string& name() const { return name_; }

 private:
  // As if that many records had come before.
  static constexpr uint64_t kFirst = 1000;

  std::unique_ptr<Message> New(const google::protobuf::Descriptor& type) {
    return std::unique_ptr<Message>(factory_.GetPrototype(&type)->New());
  }

  // What the root has once is not repeated.
  void ClearAllButRecords(Message* root) {
    for (const FieldModel& field : writer_.model().root->fields) {
      if (HoldsRecords(field)) continue;
      root->GetReflection()->ClearField(root, field.descriptor);
    }
  }

  void CheckBatch(const Chunk& batch) {
    const FieldModel& written =
        *writer_.model().root->FindNumber(static_cast<int>(batch.header.field));
    StreamFindings none;
    const FieldModel* read = chain_->RecordField(written, &none);
    if (read == nullptr) return;
    const Outcome records = ByRecords(batch, written, *read);
    const Outcome columns = ByColumns(batch, written, *read);
    if (records.refused) {
      ++refused_;
      EXPECT_FALSE(columns.converted) << name_ << ":\n" << records.findings;
      return;
    }
    if (!columns.converted) {
      ++left_to_records_;
      return;
    }
    ++by_columns_;
    EXPECT_EQ(columns.records, records.records) << name_;
    EXPECT_EQ(columns.findings, records.findings) << name_;
  }

  std::vector<std::unique_ptr<Message>> Decode(const Chunk& batch,
                                               const MessageModel& type) {
    std::vector<std::unique_ptr<Message>> records;
    const absl::Status status =
        DecodeBatch(batch, "r", type, *factory_.GetPrototype(type.descriptor),
                    Limits(), &records);
    EXPECT_TRUE(status.ok()) << name_ << ": " << status;
    return records;
  }

  // The records of a batch of the reader's.
  std::vector<std::string> Texts(Chunk batch, absl::string_view payload,
                                 const FieldModel& read) {
    batch.payload = payload;
    std::vector<std::string> texts;
    for (const auto& record : Decode(batch, *read.message)) {
      texts.push_back(record->ShortDebugString());
    }
    return texts;
  }

  Outcome ByRecords(const Chunk& batch, const FieldModel& written,
                    const FieldModel& read) {
    Outcome outcome;
    StreamFindings findings;
    BatchEncoder encoder(*read.message);
    uint64_t index = kFirst;
    for (const auto& record : Decode(batch, *written.message)) {
      findings.SetRecord(written.name, index++);
      const std::unique_ptr<Message> converted =
          chain_->ConvertRecord(written, *record, &findings);
      if (findings.level() >= VERDICT_LEVEL_REFUSED) continue;
      EXPECT_TRUE(encoder.Append(*converted).ok());
    }
    outcome.findings = Text(findings);
    ByteBuffer payload;
    MessageWriter writer(&payload);
    // Of two entries of one key no finding is made.
    outcome.refused = findings.level() >= VERDICT_LEVEL_REFUSED ||
                      !encoder.Encode(writer).ok();
    if (outcome.refused) return outcome;
    outcome.records = Texts(batch, payload.view(), read);
    return outcome;
  }

  Outcome ByColumns(const Chunk& batch, const FieldModel& written,
                    const FieldModel& read) {
    Outcome outcome;
    StreamFindings findings;
    ByteBuffer payload;
    outcome.converted = chain_->ConvertColumns(written, batch, kFirst, Limits(),
                                               &payload, &findings);
    outcome.findings = Text(findings);
    if (outcome.converted) {
      outcome.records = Texts(batch, payload.view(), read);
    } else {
      EXPECT_EQ(outcome.findings, "");
    }
    return outcome;
  }

  const std::string name_;
  const LoadedSchema writer_;
  const LoadedSchema reader_;
  std::unique_ptr<ConversionChain> chain_;
  DynamicMessageFactory factory_;
  int by_columns_ = 0;
  int left_to_records_ = 0;
  int refused_ = 0;
};

// Runs a change in both directions. Columns show all of it unless
// `needs_records`, which is about the way back.
void RunBoth(const std::string& name, const std::string& older,
             const std::string& newer, int states, bool needs_records) {
  for (const bool upgrade : {true, false}) {
    TwoWays ways(absl::StrCat(name, upgrade ? ", upgrade" : ", downgrade"),
                 upgrade ? SchemaText(1, older) : SchemaText(2, newer),
                 upgrade ? SchemaText(2, newer) : SchemaText(1, older));
    if (ways.AlwaysRefused()) continue;
    ways.Run(states);
    EXPECT_GT(ways.by_columns() + ways.left_to_records() + ways.refused(), 0)
        << ways.name();
    if (!needs_records || upgrade) {
      EXPECT_EQ(ways.left_to_records(), 0) << ways.name();
    } else {
      EXPECT_GT(ways.left_to_records() + ways.refused(), 0) << ways.name();
    }
  }
}

TEST(ColumnConversionTest, ColumnsBecomeWhatRecordsBecome) {
  const struct {
    const char* name;
    const char* before;
    const char* after;
  } kPlaces[] = {
      {"in records", "repeated R r = 1; message R {", "}"},
      {"in a message", "repeated Y r = 1; message Y { Z z = 3; } message Z {",
       "}"},
      {"in a repeated message",
       "repeated Y r = 1; message Y { repeated Z z = 3; } message Z {", "}"},
      {"in a map",
       "repeated Y r = 1; message Y { map<string, Z> z = 3; } message Z {",
       "}"},
      {"in a oneof",
       "repeated Y r = 1; message Y { oneof o { Z z = 1; uint32 n = 2; } } "
       "message Z {",
       "}"},
  };
  for (const Change* change : testing::AllChanges()) {
    const bool repeated_to_map =
        absl::StrContains(change->older_body, "map<") &&
        absl::StrContains(change->newer_body, "repeated E");
    if (change->in_record) {
      RunBoth(change->name, testing::InRecord(change->older_body),
              testing::InRecord(change->newer_body), 8, repeated_to_map);
      continue;
    }
    // Moves name whole paths from the root.
    if (absl::StrContains(change->newer_body, "moved_from")) continue;
    for (const auto& place : kPlaces) {
      RunBoth(absl::StrCat(change->name, " ", place.name),
              absl::StrCat(place.before, change->older_body, place.after),
              absl::StrCat(place.before, change->newer_body, place.after), 8,
              repeated_to_map);
    }
  }
}

// `body` with its annotations in full: "@{ ignorable: true }" is short for
// "[(devstate.field) = { ignorable: true }]".
std::string Annotated(std::string body) {
  for (size_t at; (at = body.find("@{")) != std::string::npos;) {
    body.insert(body.find('}', at) + 1, "]");
    body.replace(at, 2, "[(devstate.field) = {");
  }
  return body;
}

TEST(ColumnConversionTest, WhatHappensInRecordsOnlyHappensToColumns) {
  const struct {
    const char* name;
    const char* older_body;
    const char* newer_body;
  } kCases[] = {
      {"moves into a new message",
       R"(uint32 a = 1 @{ ignorable: true };
          uint64 b = 2;
          string c = 3;
          optional uint32 d = 4;
          repeated uint32 e = 5;
          N n = 6;
          message N { uint32 x = 1; })",
       R"(M m = 7;
          message M {
            uint32 a = 1 @{ moved_from: "r.a" ignorable: true };
            uint64 b = 2 @{ moved_from: "r.b" };
            string c = 3 @{ moved_from: "r.c" };
            optional uint32 d = 4 @{ moved_from: "r.d" };
            repeated uint32 e = 5 @{ moved_from: "r.e" };
            N n = 6 @{ moved_from: "r.n" };
          }
          message N { uint32 x = 1; })"},
      {"moves into a message that is there",
       R"(uint32 a = 1;
          M m = 2;
          message M { uint32 x = 1; })",
       R"(M m = 2;
          message M {
            uint32 x = 1;
            uint32 a = 3 @{ moved_from: "r.a" };
            optional uint32 y = 4 @{ absent_default: "7" };
          })"},
      {"moves into a message of a message",
       R"(uint32 a = 1;
          O o = 2;
          message O { M m = 1; }
          message M { uint32 x = 1; })",
       R"(O o = 2;
          message O { M m = 1; }
          message M {
            uint32 x = 1;
            uint32 a = 3 @{ moved_from: "r.a" };
          })"},
      {"moves to another number",
       R"(uint32 a = 1;
          string b = 2;)",
       R"(uint32 c = 5 @{ moved_from: "r.a" };
          bytes d = 6 @{ moved_from: "r.b" };)"},
      {"moves that gain presence",
       R"(uint32 a = 1;
          uint32 b = 2;)",
       R"(uint32 b = 2;
          optional uint32 c = 5 @{ moved_from: "r.a" };)"},
      {"moves with another unit and type",
       R"(uint32 a = 1 @{ unit: "ms" };
          sint64 b = 2 @{ unit: "s" };)",
       R"(M m = 3;
          message M {
            uint64 a = 1 @{ moved_from: "r.a" unit: "us" };
            sint64 b = 2 @{ moved_from: "r.b" unit: "ms" };
          })"},
      {"moves within elements",
       R"(repeated I i = 1;
          message I { uint32 x = 1; uint32 y = 2; })",
       R"(repeated I i = 1;
          message I { reserved 2; uint32 x = 1; M m = 3; }
          message M { uint32 y = 1 @{ moved_from: "r.i.y" }; })"},
      {"defaults", "uint32 a = 1;",
       R"(uint32 a = 1;
          uint32 b = 2 @{ since: 2 absent_default: "7" };
          optional int64 c = 3 @{ since: 2 absent_default: "-7" };
          string d = 4 @{ since: 2 absent_default: "text" };
          optional bytes e = 5 @{ since: 2 absent_default: "bytes" };
          optional double f = 6 @{ since: 2 absent_default: "2.5" };
          optional float g = 7 @{ since: 2 absent_default: "0.5" };
          bool h = 8 @{ since: 2 absent_default: "true" };
          E i = 9 @{ since: 2 absent_default: "ON" };
          enum E { NONE = 0; ON = 1; }
          optional uint32 j = 10 @{ since: 2 absent_default: "0" };)"},
      {"defaults of what the writer can leave out",
       R"(uint32 a = 1;
          optional uint32 b = 2;
          string c = 3;
          optional string d = 4;)",
       R"(uint32 a = 1 @{ since: 2 required: true absent_default: "7" };
          optional uint32 b = 2
              @{ since: 2 required: true absent_default: "7" };
          string c = 3 @{ since: 2 required: true absent_default: "x" };
          optional string d = 4
              @{ since: 2 required: true absent_default: "x" };)"},
      {"a wider field with presence", "uint32 n = 1;",
       R"(uint32 n = 1 @{ fallback_for: "w" };
          optional uint64 w = 2;)"},
      {"a wider field beside one with presence", "optional uint32 n = 1;",
       R"(optional uint32 n = 1 @{ fallback_for: "w" };
          uint64 w = 2;)"},
      {"a wider field, both with presence", "optional int32 n = 1;",
       R"(optional int32 n = 1 @{ fallback_for: "w" };
          optional int64 w = 2;)"},
      {"ignorable values of every kind", "",
       R"(uint32 a = 1 @{ ignorable: true };
          sint64 b = 2 @{ ignorable: true };
          float c = 3 @{ ignorable: true };
          double d = 4 @{ ignorable: true };
          string e = 5 @{ ignorable: true };
          bytes f = 6 @{ ignorable: true };
          optional uint32 g = 7 @{ ignorable: true };
          repeated uint32 h = 8 @{ ignorable: true };
          M m = 9 @{ ignorable: true };
          message M { uint32 x = 1; }
          map<string, uint32> n = 10 @{ ignorable: true };
          oneof o {
            string s = 11 @{ ignorable: true };
            uint32 t = 12 @{ ignorable: true sensitive: true };
          }
          bool p = 13 @{ ignorable: true };
          E q = 14 @{ ignorable: true };
          enum E { NONE = 0; ON = 1; })"},
      {"ignorable values at every depth",
       R"(repeated I i = 1;
          message I { M m = 1; repeated M n = 2; }
          message M { uint32 x = 1; })",
       R"(repeated I i = 1;
          message I {
            M m = 1;
            repeated M n = 2;
            string z = 3 @{ ignorable: true };
          }
          message M {
            uint32 x = 1;
            uint32 y = 2 @{ ignorable: true };
          })"},
      {"into a oneof",
       R"(uint32 x = 1;
          uint32 y = 2;
          string z = 3;)",
       R"(oneof o { uint32 x = 1; uint32 y = 2; }
          string z = 3;)"},
      {"everything at once",
       R"(uint32 a = 1;
          optional uint32 b = 2;
          repeated string c = 3;
          bool d = 4;
          map<uint32, uint32> e = 5;
          M m = 6;
          message M { uint32 x = 1; string y = 2; }
          oneof o { uint32 p = 7; M q = 8; })",
       R"(uint64 a = 1;
          repeated uint64 b = 2;
          repeated bytes c = 3;
          optional int32 d = 4;
          map<uint32, uint64> e = 5;
          M m = 6;
          message M {
            optional uint64 x = 1;
            bytes z = 2 @{ renamed_from: "y" };
            uint32 w = 3 @{ absent_default: "3" };
          }
          optional uint64 p = 7;
          M q = 8;)"},
  };
  for (const auto& test : kCases) {
    RunBoth(test.name, testing::InRecord(Annotated(test.older_body)),
            testing::InRecord(Annotated(test.newer_body)), 40,
            /*needs_records=*/false);
  }
}

// What absence and numbers mean is up to each side.
TEST(ColumnConversionTest, ValuesMeanTheSameToBothSides) {
  const struct {
    const char* name;
    const char* older_body;
    const char* newer_body;
  } kCases[] = {
      {"absent values are written out",
       R"(optional uint32 a = 1 @{ absent_default: "3" };
          optional sint64 b = 2 @{ absent_default: "-4" };
          optional string c = 3 @{ absent_default: "text" };
          optional bytes d = 4 @{ absent_default: "x" };
          optional bool e = 5 @{ absent_default: "true" };
          optional E f = 6 @{ absent_default: "ON" };
          optional double g = 7 @{ absent_default: "2.5" };
          enum E { NONE = 0; ON = 1; })",
       R"(optional uint64 a = 1 @{ absent_default: "5" };
          optional sint64 b = 2;
          optional string c = 3 @{ absent_default: "other" };
          optional bytes d = 4;
          optional bool e = 5 @{ absent_default: "false" };
          optional E f = 6 @{ absent_default: "OFF" };
          optional double g = 7;
          enum E { NONE = 0; ON = 3 [(devstate.enum_value) = {
                     renumbered_from: 1 }]; OFF = 2; })"},
      {"absent values that move are written out",
       R"(optional uint32 a = 1 @{ absent_default: "3" };)",
       R"(M m = 2;
          message M {
            optional uint32 a = 1
                @{ moved_from: "r.a" absent_default: "5" };
          })"},
      {"enums whose numbers change",
       R"(E a = 1;
          optional E b = 2;
          repeated E c = 3;
          map<uint32, E> d = 4;
          oneof o { E e = 5; string f = 6; }
          enum E { NONE = 0; ON = 1; OFF = 2; })",
       R"(E a = 1;
          optional E b = 2;
          repeated E c = 3;
          map<uint32, E> d = 4;
          oneof o { E e = 5; string f = 6; }
          enum E { NONE = 0; ON = 4 [(devstate.enum_value) = {
                     renumbered_from: 1 }]; OFF = 2; LATER = 5; })"},
      {"a zero whose number changes",
       R"(E a = 1;
          optional E b = 2;
          M m = 3;
          message M { E c = 1; }
          enum E { FIRST = 0; ON = 1; })",
       R"(E a = 1;
          optional E b = 2;
          M m = 3;
          message M { E c = 1; }
          enum E { NONE = 0; ON = 1; FIRST = 4 [(devstate.enum_value) = {
                     renumbered_from: 0 }]; })"},
      {"a single number for a wider field",
       R"(uint32 n = 1 @{ fallback_for: "w" };
          uint64 w = 2;)",
       R"(reserved 1;
          uint64 w = 2;)"},
      {"a single number for a narrower field with bounds",
       R"(uint32 n = 1 @{ max: 100 };)",
       R"(uint32 n = 1 @{ max: 100 fallback_for: "w" };
          uint64 w = 2;)"},
  };
  for (const auto& test : kCases) {
    RunBoth(test.name, testing::InRecord(Annotated(test.older_body)),
            testing::InRecord(Annotated(test.newer_body)), 40,
            /*needs_records=*/false);
  }
}

bool IsSchema(const std::string& text) {
  const absl::StatusOr<LoadedSchema> schema = ParseSchema("s.proto", text, {});
  return schema.ok() && CheckAnnotations(schema->model()).ok();
}

TEST(ColumnConversionTest, RandomColumnsBecomeWhatRecordsBecome) {
  constexpr uint32_t kFirstSeed = 20261128;
  constexpr uint32_t kPairs = 200;
  int by_columns = 0;
  int left_to_records = 0;
  for (uint32_t seed = kFirstSeed; seed < kFirstSeed + kPairs; ++seed) {
    const testing::RandomPair pair = testing::MakeRandomPair(seed);
    if (!IsSchema(pair.older) || !IsSchema(pair.newer)) continue;
    for (const bool upgrade : {true, false}) {
      TwoWays ways(
          absl::StrCat("seed ", seed, upgrade ? ", upgrade" : ", downgrade"),
          upgrade ? pair.older : pair.newer, upgrade ? pair.newer : pair.older);
      if (ways.AlwaysRefused()) continue;
      ways.Run(4);
      by_columns += ways.by_columns();
      left_to_records += ways.left_to_records();
    }
  }
  EXPECT_GT(by_columns, 100);
  EXPECT_LT(left_to_records, by_columns / 10);
}

TEST(ColumnConversionTest,
     SeveralVersionsOnTheWayAreConvertedOneAfterTheOther) {
  const auto text = [](int version, const char* encoding, const char* body) {
    return SchemaText(version,
                      Annotated(absl::StrCat(
                          "bytes mac = 1 @{ encoding: \"", encoding, "\" }; ",
                          "repeated R r = 2; message R {", body, "}")));
  };
  const std::string v1 = text(1, "text",
                              R"(uint32 a = 1;
                                 uint32 b = 2;
                                 uint32 i = 4 @{ ignorable: true };)");
  const std::string v2 = text(2, "raw",
                              R"(uint64 a = 1;
              uint32 b = 2;
              uint32 j = 5 @{ ignorable: true absent_default: "1" };)");
  const std::string v3 = text(3, "raw",
                              R"(uint64 a = 1;
              M m = 3;
              message M { optional uint32 b = 1 @{ moved_from: "r.b" }; })");
  SchemaArchive archive;
  ASSERT_TRUE(archive.Add(Parse(v1)).ok());
  ASSERT_TRUE(archive.Add(Parse(v2)).ok());
  StepTable steps(1);
  steps[0].schema = "t";
  steps[0].from = 1;
  steps[0].to = 2;
  steps[0].paths = {"mac"};
  steps[0].run = [](const Message&, Message*) { return absl::OkStatus(); };
  TwoWays ways("two hops", v1, v3);
  ways.ResetChain(&archive, &steps);
  ASSERT_EQ(ways.chain().versions(), (std::vector<uint32_t>{1, 2, 3}));
  ways.Run(20);
  EXPECT_GT(ways.by_columns(), 0);
  EXPECT_EQ(ways.left_to_records(), 0);

  // A step for the records needs records.
  steps[0].record_field = "r";
  ways.ResetChain(&archive, &steps);
  TwoWays with_step("a step", v1, v3);
  with_step.ResetChain(&archive, &steps);
  with_step.Run(4);
  EXPECT_EQ(with_step.by_columns(), 0);
  EXPECT_GT(with_step.left_to_records(), 0);
}

// What no strict reader takes is left to the records, for the error's sake.
TEST(ColumnConversionTest, DamagedColumnsAreNotConverted) {
  const LoadedSchema writer = Parse(SchemaText(
      1, testing::InRecord("uint32 a = 1; optional uint32 b = 2; M m = 3; "
                           "oneof o { uint32 p = 4; uint32 q = 5; } string s = "
                           "6; message M { bool t = 1; }")));
  const LoadedSchema reader = Parse(SchemaText(
      2,
      testing::InRecord("uint64 a = 1; repeated uint32 b = 2; M m = 3; "
                        "optional uint32 p = 4; optional uint32 q = 5; bytes "
                        "s = 6; message M { uint32 t = 1; }")));
  const struct {
    const char* name;
    std::string payload;
    bool converted;
  } kCases[] = {
      {"nothing", "", true},
      {"a number", "\x0a\x06\x08\x01\x10\x01\x18\x07", true},
      {"a number that does not fit",
       "\x0a\x0a\x08\x01\x10\x01\x18\xff\xff\xff\xff\x1f", false},
      {"another kind", "\x0a\x06\x08\x02\x10\x01\x18\x07", false},
      {"an unknown column", "\x3a\x06\x08\x01\x10\x01\x18\x07", false},
      {"columns out of order",
       "\x12\x08\x0a\x06\x08\x01\x10\x01\x18\x01\x0a\x06\x08\x01\x10\x01\x18"
       "\x07",
       false},
      {"a column twice",
       "\x0a\x06\x08\x01\x10\x01\x18\x07\x0a\x06\x08\x01\x10\x01\x18\x07",
       false},
      {"a varint", "\x08\x01", false},
      {"an empty column", std::string("\x0a\0", 2), false},
      {"an optional field", "\x12\x08\x0a\x06\x08\x01\x10\x01\x18\x01", true},
      {"an optional field that occurs twice",
       "\x12\x08\x0a\x06\x08\x01\x10\x01\x18\x02", false},
      {"values without occurrences", "\x12\x08\x12\x06\x08\x01\x10\x01\x18\x01",
       false},
      {"values that occur nowhere",
       "\x12\x0c\x0a\x02\x08\x01\x12\x06\x08\x01\x10\x01\x18\x01", false},
      {"two members of a oneof",
       "\x22\x08\x0a\x06\x08\x01\x10\x01\x18\x01\x2a\x08\x0a\x06\x08\x01\x10"
       "\x01\x18\x01",
       false},
      {"text", "\x32\x0b\x08\x06\x1a\x06\x08\x01\x10\x01\x18\x01\x22\x01x",
       false},
      {"a bool that is none",
       "\x1a\x12\x0a\x06\x08\x01\x10\x01\x18\x01\x12\x08\x0a\x06\x08\x01\x10"
       "\x01\x18\x02",
       false},
  };
  ConversionChain chain(ViewOf(writer), ViewOf(reader), nullptr, nullptr);
  for (const auto& test : kCases) {
    Chunk batch;
    batch.header.type = ChunkType::kBatch;
    batch.header.field = 1;
    batch.header.records = 3;
    batch.payload = test.payload;
    ByteBuffer out;
    StreamFindings findings;
    EXPECT_EQ(chain.ConvertColumns(writer.model().root->fields[0], batch, 0,
                                   Limits(), &out, &findings),
              test.converted)
        << test.name;
  }
}

TEST(ColumnConversionTest, ColumnsThatDoNotChangeAreCopied) {
  TwoWays ways("renumbered", SchemaText(1, testing::InRecord("uint32 a = 1;")),
               SchemaText(2, testing::InRecord(Annotated(
                                 "uint32 b = 9 @{ moved_from: \"r.a\" };"))));
  // PLAIN, which no writer of ours chooses for equal values.
  const std::string column = "\x08\x01\x3a\x03\x05\x05\x05";
  Chunk batch;
  batch.header.type = ChunkType::kBatch;
  batch.header.field = 1;
  batch.header.records = 3;
  const std::string payload = "\x0a\x07" + column;
  batch.payload = payload;
  ByteBuffer out;
  StreamFindings findings;
  ASSERT_TRUE(ways.chain().ConvertColumns(ways.writer().model().root->fields[0],
                                          batch, 0, Limits(), &out, &findings));
  EXPECT_EQ(out.view(), "\x4a\x07" + column);
}

}  // namespace
}  // namespace devstate
