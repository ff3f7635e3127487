// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/stream_gate.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/compat/diff_testing.h"
#include "devstate/compat/gate/field_values.h"
#include "devstate/compat/gate/state_stream.h"
#include "devstate/compat/verdict.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/hex_bytes.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/third_party/protobuf_compat/message_text.h"
#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::google::protobuf::Message;
using ::testing::HasSubstr;

#define F(annotations) "[(devstate.field) = { " annotations " }]"

// A schema and what writes and reads its states.
class Version {
 public:
  explicit Version(const std::string& text)
      : schema_(Parse(text)), facts_(schema_.root()) {}
  Version(int version, const std::string& body)
      : Version(SchemaText(version, body)) {}

  SchemaView view() const { return {&schema_.root(), &schema_.model()}; }
  const SchemaFacts& facts() const { return facts_; }
  const LoadedSchema& schema() const { return schema_; }

  std::unique_ptr<Message> Make(const std::string& text) {
    std::unique_ptr<Message> message(
        factory_.GetPrototype(&schema_.root())->New());
    EXPECT_TRUE(
        google::protobuf::TextFormat::ParseFromString(text, message.get()))
        << text;
    return message;
  }

  // A state, from text format.
  std::string Write(const std::string& text) {
    return testing::WriteStream(schema_, facts_.info(), *Make(text));
  }

  // A stream whose root chunk is anything.
  std::string WriteRoot(const std::string& payload,
                        WriterOptions options = {}) {
    StringSink sink;
    options.compression = Compression::Raw();
    StreamWriter writer(&sink, options);
    EXPECT_THAT(writer.WriteHeader(MakeHeader(facts_.info(), options)), IsOk());
    writer.BeginChunk()->out().Append(payload);
    EXPECT_THAT(writer.EndChunk(ChunkType::kRoot, 0, 0), IsOk());
    EXPECT_THAT(writer.Finish(), IsOk());
    return sink.written;
  }

 private:
  LoadedSchema schema_;
  SchemaFacts facts_;
  google::protobuf::DynamicMessageFactory factory_;
};

// "level", and of each finding that is not below it "path rule".
std::string Check(const std::string& stream, const Version& reader,
                  const GateOptions& options = {}) {
  StringSource source(stream);
  bool upgrade;
  const Verdict verdict =
      CheckStream(&source, reader.view(), options, &upgrade);
  std::vector<std::string> found;
  for (const Finding& finding : verdict.findings()) {
    EXPECT_NE(FindRule(finding.rule()), nullptr) << finding.rule();
    if (finding.level() < verdict.level()) continue;
    found.push_back(absl::StrCat(
        finding.path(), finding.path().empty() ? "" : " ", finding.rule()));
  }
  return absl::StrCat(LevelName(verdict.level()), found.empty() ? "" : ": ",
                      absl::StrJoin(found, ", "));
}

TEST(StreamGateTest, ReaderOfTheSameSchemaLoadsTheState) {
  Version schema(1,
                 "uint32 a = 1; repeated R r = 2; message R { uint32 b = 1; }");
  EXPECT_EQ(Check(schema.Write("a: 1 r { b: 2 }"), schema), "identical");
}

TEST(StreamGateTest, ValuesInPiecesAreWholeForAReaderThatSaysSo) {
  const std::string owners = "repeated O o = 1 " F("max_items: 9") "; ";
  const std::string messages =
      " message O { uint32 i = 1; uint64 s = 2; } message P { uint32 o = 1; "
      "uint64 f = 2; bytes d = 3 " F("max_len: 8") "; }";
  Version without(1, owners + "repeated P p = 2;" + messages);
  Version with(2, owners + "repeated P p = 2 " F(
      "pieces { owner: \"o\" offset: \"f\" data: \"d\" of: \"o\" id: \"i\" "
      "size: \"s\" }") ";" + messages);
  const std::string whole = "o { i: 1 s: 3 } p { o: 1 d: \"abc\" }";
  const std::string short_value = "o { i: 1 s: 4 } p { o: 1 d: \"abc\" }";
  for (Version* writer : {&without, &with}) {
    EXPECT_EQ(Check(writer->Write(short_value), with),
              "refused: p pieces-not-whole");
    EXPECT_EQ(Check(writer->Write(short_value), without),
              writer == &without ? "identical"
                                 : "compatible: p bound-widened");
  }
  EXPECT_EQ(Check(without.Write(whole), with), "compatible");
}

TEST(StreamGateTest, ValuesAreCheckedWhateverTheFingerprint) {
  Version schema(1, "uint32 a = 1 " F("max: 5") "; repeated R r = 2 " F(
      "unique_by: \"k\" max_items: 3") "; message R { uint32 k = 1; string s = 2 " F(
      "required: true max_len: 2") "; map<string, uint32> m = 3; }");
  const struct {
    const char* state;
    const char* expected;
  } kCases[] = {
      {"a: 5 r { k: 1 s: \"x\" } r { k: 2 s: \"xy\" m { key: \"a\" value: 9 } "
       "}",
       "identical"},
      {"a: 6", "refused: a value-out-of-bounds"},
      {"r { k: 1 s: \"xyz\" }", "refused: r.s value-out-of-bounds"},
      {"r { k: 1 }", "refused: r.s required-missing"},
      {"r { k: 1 s: \"x\" } r { k: 1 s: \"y\" }", "refused: r not-unique"},
      {"r { s: \"x\" } r { k: 1 s: \"x\" } r { k: 2 s: \"x\" } r { k: 3 s: "
       "\"x\" }",
       "refused: r value-out-of-bounds"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Check(schema.Write(test.state), schema), test.expected)
        << test.state;
  }
}

TEST(StreamGateTest, WhatAParserSilentlyTakesIsRefused) {
  Version schema(1,
                 "uint32 a = 1; M m = 2; map<uint32, uint32> n = 3; message M "
                 "{ uint32 b = 1; }");
  const struct {
    const char* name;
    std::string payload;
    const char* expected;
  } kCases[] = {
      {"as it should be", "\x08\x05", "identical"},
      {"wrong wire type", std::string("\x0d\x01\0\0\0", 5),
       "refused: a wire-type-changed"},
      {"narrowing", "\x08\xff\xff\xff\xff\x1f", "refused: a value-may-not-fit"},
      {"a singular number twice", "\x08\x05\x08\x06", "identical"},
      {"merged singulars", std::string("\x12\x02\x08\x01\x12\0", 6),
       "refused: m duplicate-field"},
      {"map key twice", "\x1a\x02\x08\x01\x1a\x04\x08\x01\x10\x07",
       "refused: n duplicate-map-key"},
      {"unknown field in a message", "\x12\x02\x10\x01",
       "refused: m.2 unknown-critical"},
      {"no message", "\x08", "damaged: malformed"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Check(schema.WriteRoot(test.payload), schema), test.expected)
        << test.name;
  }
}

TEST(StreamGateTest, WriterWithoutASchemaIsReadAsOneOfTheReaders) {
  Version older(1, "uint32 a = 1;");
  Version newer(
      2, "uint32 a = 1; optional uint32 b = 2 " F("ignorable: true") ";");
  WriterOptions options;
  options.embed_descriptor_set = false;
  EXPECT_EQ(Check(newer.WriteRoot("\x08\x05", options), older),
            "compatible: writer-schema-unknown");
  EXPECT_EQ(Check(newer.WriteRoot("\x10\x05", options), older),
            "refused: 2 unknown-critical");
  // With the schema at hand, the field is known to be ignorable.
  EXPECT_EQ(Check(newer.WriteRoot("\x10\x05"), older),
            "lossy: b ignorable-dropped");
  SchemaArchive archive;
  ASSERT_THAT(
      archive.Add(Parse(SchemaText(
          2, "uint32 a = 1; optional uint32 b = 2 " F("ignorable: true") ";"))),
      IsOk());
  GateOptions with_archive;
  with_archive.archive = &archive;
  EXPECT_EQ(Check(newer.WriteRoot("\x10\x05", options), older, with_archive),
            "lossy: b ignorable-dropped");
}

TEST(StreamGateTest, SchemaThatIsNotTheOneItNamesIsRefused) {
  Version older(1, "uint32 a = 1;");
  Version newer(2, "uint32 a = 1; uint32 b = 2;");
  StringSink sink;
  WriterOptions options;
  StreamWriter writer(&sink, options);
  StreamHeader header = MakeHeader(newer.facts().info(), options);
  header.descriptor_set = std::string(older.facts().info().descriptor_set);
  ASSERT_THAT(writer.WriteHeader(header), IsOk());
  writer.BeginChunk();
  ASSERT_THAT(writer.EndChunk(ChunkType::kRoot, 0, 0), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  EXPECT_EQ(Check(sink.written, older), "refused: writer-schema-invalid");
}

TEST(StreamGateTest, DamageIsWorseThanARefusal) {
  Version older(1, "uint32 a = 1;");
  Version newer(2, "uint32 a = 1; uint32 b = 2;");
  std::string stream = newer.Write("b: 1");
  EXPECT_EQ(Check(stream, older), "refused: b unknown-critical");
  stream.pop_back();
  EXPECT_EQ(Check(stream, older), "damaged: no-trailer");
}

TEST(StreamGateTest, PolicyCanForbidLoss) {
  Version older(1, "uint32 a = 1;");
  Version newer(2, "uint32 a = 1; uint32 b = 2 " F("ignorable: true") ";");
  GateOptions strict;
  strict.accept = VERDICT_LEVEL_CONVERTED;
  EXPECT_EQ(Check(newer.Write("b: 1"), older), "lossy: b ignorable-dropped");
  EXPECT_EQ(Check(newer.Write("b: 1"), older, strict), "refused: policy");
  EXPECT_EQ(Check(newer.Write("a: 1"), older, strict), "compatible");
}

TEST(StreamGateTest, KnownBadWritersAreRefusedOrCorrected) {
  Version schema(
      1, "repeated R r = 1; message R { uint32 b = 1 " F("max: 9") "; }");
  WriterOptions bad;
  bad.implementation.name = "acme";
  bad.implementation.version = "1.9";
  const std::string stream = [&] {
    StringSink sink;
    DynamicStateWriter writer(&sink, schema.schema().model(),
                              schema.facts().info(), bad);
    const std::unique_ptr<Message> state = schema.Make("r { b: 10 }");
    const auto& field = *schema.schema().root().FindFieldByName("r");
    EXPECT_THAT(writer.Begin(*schema.Make("")), IsOk());
    EXPECT_THAT(writer.Add(field, state->GetReflection()->GetRepeatedMessage(
                                      *state, &field, 0)),
                IsOk());
    EXPECT_THAT(writer.Finish(), IsOk());
    return sink.written;
  }();
  EXPECT_EQ(Check(stream, schema), "refused: r.b value-out-of-bounds");

  QuirkTable quirks(1);
  quirks[0].name = "acme-counts-from-1";
  quirks[0].implementation = "acme";
  quirks[0].last_version = "1.13";
  quirks[0].text = "counts from 1";
  GateOptions options;
  options.quirks = &quirks;
  EXPECT_EQ(Check(stream, schema, options), "refused: quirk-refused");
  quirks[0].record_field = "r";
  quirks[0].fix_up = [](Message* record) {
    const auto& field = *record->GetDescriptor()->FindFieldByName("b");
    record->GetReflection()->SetUInt32(
        record, &field,
        record->GetReflection()->GetUInt32(*record, &field) - 1);
  };
  EXPECT_EQ(Check(stream, schema, options), "converted: quirk-fixed");
  quirks[0].last_version = "1.8";
  EXPECT_EQ(Check(stream, schema, options), "refused: r.b value-out-of-bounds");
}

TEST(StreamGateTest, StepsDoWhatAnnotationsCannotOverSeveralVersions) {
  const std::string v1 = "bytes mac = 1 " F("encoding: \"text\"") ";";
  const std::string v2 = "bytes mac = 1 " F("encoding: \"raw\"") ";";
  const std::string v3 = v2 + "bytes extra = 2 " F("encoding: \"raw\"") ";";
  Version first(1, v1);
  Version third(3, v3);
  const std::string stream = first.Write("mac: \"0102\"");
  EXPECT_EQ(Check(stream, third), "refused: mac encoding-changed");

  SchemaArchive archive;
  ASSERT_THAT(archive.Add(Parse(SchemaText(1, v1))), IsOk());
  ASSERT_THAT(archive.Add(Parse(SchemaText(2, v2))), IsOk());
  StepTable steps(1);
  steps[0].schema = "t";
  steps[0].from = 1;
  steps[0].to = 2;
  steps[0].paths = {"mac"};
  steps[0].run = [](const Message& written, Message* read) -> absl::Status {
    const auto& from = *written.GetDescriptor()->FindFieldByName("mac");
    const auto& to = *read->GetDescriptor()->FindFieldByName("mac");
    const std::string text = written.GetReflection()->GetString(written, &from);
    if (text.size() % 2 != 0) {
      return absl::InvalidArgumentError("half a byte");
    }
    read->GetReflection()->SetString(read, &to, HexBytes(text));
    return absl::OkStatus();
  };
  GateOptions options;
  options.archive = &archive;
  options.steps = &steps;
  EXPECT_EQ(Check(stream, third, options), "converted: mac encoding-changed");
  EXPECT_EQ(Check(first.Write("mac: \"010\""), third, options),
            "refused: mac step-refused");

  ConversionChain chain(first.view(), third.view(), &archive, &steps);
  EXPECT_THAT(chain.versions(), ::testing::ElementsAre(1, 2, 3));
  StreamFindings findings;
  const std::unique_ptr<Message> read =
      chain.ConvertRoot(*first.Make("mac: \"0102\""), &findings);
  EXPECT_EQ(MessageText(*read), "mac: \"\\001\\002\"");
}

// --- In front of a reader ---

// What a reader of the older schema finds after the gate, whichever way the
// gate takes: column by column, or record by record.
TEST(StreamGateTest, DroppedColumnsLeaveTheOthersAsTheyWere) {
  Version older(1,
                "repeated R r = 1; message R { uint32 a = 1; M m = 3; repeated "
                "M n = 4; } message M { uint32 x = 1; }");
  Version newer(2, "repeated R r = 1; message R { uint32 a = 1; uint32 b = 2 " F(
      "ignorable: true") "; M m = 3; repeated M n = 4; } message M { uint32 x = 1; "
      "string y = 2 " F("ignorable: true") "; }");
  const std::string stream = newer.Write(
      "r { a: 1 b: 1 m { x: 2 y: \"y\" } } r { m { y: \"only\" } n { x: 1 } n "
      "{ y: "
      "\"z\" } } r { a: 5 }");
  StringSource source(stream);
  StreamReader chunks(&source);
  StreamGate gate(older.view(), GateOptions());
  ASSERT_THAT(gate.OnHeader(**chunks.ReadHeader()), IsOk());
  ASSERT_THAT(gate.Filter(**chunks.NextChunk()).status(), IsOk());
  const absl::optional<Chunk> batch = *chunks.NextChunk();
  const absl::StatusOr<Chunk> passed = gate.Filter(*batch);
  ASSERT_THAT(passed.status(), IsOk());
  const std::unique_ptr<Message> prototype = older.Make("r {}");
  const FieldModel& field = *older.schema().model().root->FindName("r");
  std::vector<std::unique_ptr<Message>> records;
  ASSERT_THAT(DecodeBatch(*passed, "r", *field.message,
                          prototype->GetReflection()->GetRepeatedMessage(
                              *prototype, field.descriptor, 0),
                          Limits(), &records),
              IsOk());
  std::vector<std::string> texts;
  for (const auto& record : records)
    texts.push_back(MessageText(*record));
  EXPECT_THAT(texts, ::testing::ElementsAre("a: 1 m { x: 2 }",
                                            "m { } n { x: 1 } n { }", "a: 5"));
  EXPECT_EQ(gate.verdict().level(), VERDICT_LEVEL_LOSSY);
  EXPECT_EQ(gate.verdict().findings_size(), 3);
}

// The gate's chunks of a stream, or its refusal.
absl::StatusOr<std::vector<std::string>> Pass(const std::string& stream,
                                              const Version& reader) {
  StringSource source(stream);
  StreamReader chunks(&source);
  const StreamHeader* header = *chunks.ReadHeader();
  StreamGate gate(reader.view(), GateOptions());
  absl::Status status = gate.OnHeader(*header);
  std::vector<std::string> payloads;
  while (status.ok()) {
    const absl::optional<Chunk> chunk = *chunks.NextChunk();
    if (!chunk.has_value()) return payloads;
    const absl::StatusOr<Chunk> passed = gate.Filter(*chunk);
    if (!passed.ok()) return passed.status();
    payloads.push_back(absl::StrCat(
        passed->payload.data() == chunk->payload.data() ? "same " : "new ",
        passed->header.records));
  }
  return status;
}

TEST(StreamGateTest, BatchesPassUntouchedUnlessTheyNeedAConversion) {
  Version older(1, "repeated R r = 1; message R { uint32 a = 1; }");
  Version newer(2,
                "repeated R r = 1; message R { uint32 a = 1; uint32 b = 2 " F(
                    "ignorable: true") "; }");
  Version nested(1,
                 "repeated R r = 1; message R { uint32 a = 1; M m = 3; } "
                 "message M { uint32 x = 1; }");
  Version wider(
      2,
      "repeated R r = 1; message R { uint32 a = 1; M m = 3; } "
      "message M { uint32 x = 1; string y = 2 " F("ignorable: true") "; }");
  Version widened(2, "repeated R r = 1; message R { uint64 a = 1; }");
  const std::string unused = newer.Write("r { a: 1 }");
  const std::string used = newer.Write("r { a: 1 b: 1 } r { a: 2 }");
  using Chunks = std::vector<std::string>;
  EXPECT_EQ(*Pass(unused, newer), (Chunks{"same 0", "same 1"}));
  EXPECT_EQ(*Pass(unused, older), (Chunks{"new 0", "same 1"}));
  EXPECT_EQ(*Pass(used, older), (Chunks{"new 0", "new 2"}));
  EXPECT_EQ(*Pass(wider.Write("r { m { y: \"y\" } } r { m { x: 1 } }"), nested),
            (Chunks{"new 0", "new 2"}));
  EXPECT_EQ(*Pass(older.Write("r { a: 1 }"), widened),
            (Chunks{"new 0", "new 1"}));
}

TEST(StreamGateTest, RefusalNamesPathRecordAndRemedyAtOnce) {
  Version older(1, "repeated R r = 1; message R { uint32 a = 1; }");
  Version newer(2,
                "repeated R r = 1; message R { uint32 a = 1; uint32 b = 2; }");
  EXPECT_THAT(Pass(newer.Write("r { a: 1 } r { b: 1 }"), older).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("[unknown-critical] r.b: r[1]: the reader "
                                 "does not know the field")));
}

}  // namespace
}  // namespace devstate
