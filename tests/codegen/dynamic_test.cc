// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The codec that has only descriptors agrees with generated code, on a schema
// that has everything: in what it writes, in what it reads, and in what it
// refuses.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "devstate/schema/record_size.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/message_columns_builder.h"
#include "devstate/serializer/dynamic/printer_of_messages.h"
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"
#include "tests/codegen/everything_rows.h"

namespace devstate::test::everything {
namespace {

using ::devstate::testing::HandmadeStream;
using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20261122;

// --- Through the dynamic codec ---

class Collector : public DynamicStateVisitor {
 public:
  explicit Collector(State* state) : state_(*state) {
    for (const auto& [number, list] : state->fields()) records_[number] = list;
  }

  absl::Status OnRoot(const Message& root) override {
    EXPECT_TRUE(state_.root.ParseFromString(root.SerializeAsString()));
    return absl::OkStatus();
  }
  absl::Status OnBatch(const FieldDescriptor& field,
                       Records& records) override {
    for (const auto& record : records) {
      std::unique_ptr<Message> copy = NewRecord(field.number());
      EXPECT_TRUE(copy->ParseFromString(record->SerializeAsString()));
      records_.at(field.number())->push_back(std::move(copy));
    }
    return absl::OkStatus();
  }

 private:
  using Lists = std::map<int, everything::Records*>;
  State& state_;
  Lists records_;
};

const SchemaModel& Schema() {
  static const auto& schema =
      *new SchemaModel(BuildSchemaModel(*Everything::descriptor()));
  return schema;
}

const MessageModel& ModelOf(const Descriptor& message) {
  return *Schema().FindMessage(message.full_name());
}

absl::Status ReadDynamic(const std::string& bytes, State* state,
                         const Limits& limits = Limits()) {
  StringSource source(bytes);
  DynamicStateReader reader(&source, limits);
  Collector collector(state);
  return reader.Read(Schema(), collector);
}

absl::Status WriteDynamic(State& state, ByteSink* sink,
                          const WriterOptions& options) {
  const SchemaFacts facts(*Everything::descriptor());
  DynamicStateWriter writer(sink, Schema(), facts.info(), options);
  DS_RETURN_IF_ERROR(writer.Begin(state.root));
  for (const auto& [number, records] : state.fields()) {
    const FieldDescriptor& field =
        *Everything::descriptor()->FindFieldByNumber(number);
    for (const auto& record : *records) {
      DS_RETURN_IF_ERROR(writer.Add(field, *record));
    }
  }
  return writer.Finish();
}

// --- Printed from columns, and by protobuf ---

template <typename Printer>
std::string PrintJson(const std::string& stream) {
  StringSource source(stream);
  DynamicStateReader reader(&source);
  StringSink json;
  Printer printer(*Everything::descriptor(), StateFormat::kJson,
                  /*redactor=*/nullptr, &json);
  EXPECT_THAT(reader.Read(Schema(), printer), IsOk());
  EXPECT_THAT(printer.Finish(), IsOk());
  return json.written;
}

TEST(DynamicJson, IsTheOneThatProtobufPrintsOfTheRecords) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{500}}) {
    State state = RandomState(kSeed + count, count);
    WriterOptions options;
    options.max_batch_records = 7;
    StringSink stream;
    ASSERT_THAT(Write(state, &stream, options), IsOk());
    const std::string json = PrintJson<StatePrinter>(stream.written);
    ASSERT_EQ(json, PrintJson<PrinterOfMessages>(stream.written));
  }
}

// --- Both write the same ---

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
};

class Dynamic : public ::testing::TestWithParam<Variant> {
 protected:
  WriterOptions Options() {
    WriterOptions options;
    options.compression = GetParam().compression;
    options.plain_columns = GetParam().plain_columns;
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(All, Dynamic, ::testing::ValuesIn(kVariants),
                         [](const auto& info) { return info.param.name; });

TEST_P(Dynamic, WritesWhatGeneratedCodeWrites) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{3000}}) {
    State state = RandomState(kSeed + count, count);
    for (const uint32_t max_batch_records : {7u, 2048u, 65536u}) {
      WriterOptions options = Options();
      options.max_batch_records = max_batch_records;
      StringSink expected;
      ASSERT_THAT(Write(state, &expected, options), IsOk());
      StringSink actual;
      ASSERT_THAT(WriteDynamic(state, &actual, options), IsOk());
      EXPECT_TRUE(actual.written == expected.written)
          << count << " records in batches of " << max_batch_records;
    }
  }
}

TEST_P(Dynamic, ReadsWhatGeneratedCodeWrites) {
  State state = RandomState(kSeed, 300);
  StringSink sink;
  ASSERT_THAT(Write(state, &sink, Options()), IsOk());
  State back;
  ASSERT_THAT(ReadDynamic(sink.written, &back), IsOk());
  ExpectSameState(back, state);
}

// So memory is bounded by what is charged.
TEST(DynamicLayout, RowsAreNoLargerThanWhatTheyCountFor) {
  EXPECT_LE(sizeof(NothingRow), RecordSize(ModelOf(*Nothing::descriptor())));
  EXPECT_LE(sizeof(ScalarsRow), RecordSize(ModelOf(*Scalars::descriptor())));
  EXPECT_LE(sizeof(OptionalsRow),
            RecordSize(ModelOf(*Optionals::descriptor())));
  EXPECT_LE(sizeof(RepeatedsRow),
            RecordSize(ModelOf(*Repeateds::descriptor())));
  EXPECT_LE(sizeof(PartRow), RecordSize(ModelOf(*Part::descriptor())));
  EXPECT_LE(sizeof(NestedRow), RecordSize(ModelOf(*Nested::descriptor())));
  EXPECT_LE(sizeof(Nested_InnerRow),
            RecordSize(ModelOf(*Nested::Inner::descriptor())));
  EXPECT_LE(sizeof(Nested_Inner_InnermostRow),
            RecordSize(ModelOf(*Nested::Inner::Innermost::descriptor())));
  EXPECT_LE(sizeof(KeywordsRow), RecordSize(ModelOf(*Keywords::descriptor())));
  EXPECT_LE(sizeof(Repeateds_ByNameEntryRow),
            RecordSize(ModelOf(*Repeateds::descriptor()
                                    ->FindFieldByName("by_name")
                                    ->message_type())));
}

TEST(DynamicLayout, SchemaFactsAreTheGeneratedOnes) {
  const SchemaFacts facts(*Everything::descriptor());
  const SchemaInfo& expected = EverythingSchema();
  EXPECT_EQ(facts.info().schema, expected.schema);
  EXPECT_EQ(facts.info().version, expected.version);
  EXPECT_EQ(facts.info().min_reader, expected.min_reader);
  EXPECT_EQ(facts.info().device, expected.device);
  EXPECT_EQ(facts.info().root_message, expected.root_message);
  EXPECT_EQ(facts.info().fingerprint, expected.fingerprint);
  EXPECT_TRUE(facts.info().descriptor_set == expected.descriptor_set);
}

// --- Both refuse the same ---

struct Payload {
  uint32_t field = 0;
  uint32_t records = 0;
  std::string bytes;
};

// The root chunk's payload, with field 0, and those of the batches.
std::vector<Payload> PayloadsOf(const std::string& stream) {
  std::vector<Payload> payloads;
  StringSource source(stream);
  StreamReader reader(&source);
  EXPECT_THAT(reader.ReadHeader(), IsOk());
  while (true) {
    const absl::StatusOr<absl::optional<Chunk>> chunk = reader.NextChunk();
    EXPECT_THAT(chunk, IsOk());
    if (!chunk.ok() || !chunk->has_value()) return payloads;
    payloads.push_back({(*chunk)->header.field, (*chunk)->header.records,
                        std::string((*chunk)->payload)});
  }
}

std::string StreamOf(const Payload& payload) {
  StreamHeader header;
  header.root_message = "devstate.test.everything.Everything";
  HandmadeStream stream(Serialize(header));
  if (payload.field == 0) return stream.AddRoot(payload.bytes).Finish();
  stream.AddRoot();
  return stream.AddBatch(payload.field, payload.records, payload.bytes)
      .Finish();
}

std::string BytesOf(State& state) {
  std::string bytes;
  google::protobuf::io::StringOutputStream output(&bytes);
  google::protobuf::io::CodedOutputStream coded(&output);
  coded.SetSerializationDeterministic(true);
  EXPECT_TRUE(state.root.SerializeToCodedStream(&coded));
  for (const auto& [number, records] : state.fields()) {
    for (const auto& record : *records) {
      coded.WriteVarint32(static_cast<uint32_t>(number));
      EXPECT_TRUE(record->SerializeToCodedStream(&coded));
    }
  }
  coded.Trim();
  return bytes;
}

void ExpectSameOutcome(const Payload& payload, const std::string& what) {
  const std::string stream = StreamOf(payload);
  StringSource source(stream);
  State expected;
  State actual;
  const absl::Status generated = Read(&source, &expected);
  const absl::Status dynamic = ReadDynamic(stream, &actual);
  ASSERT_EQ(dynamic, generated) << what << " of field " << payload.field;
  if (generated.ok()) {
    ASSERT_EQ(BytesOf(actual), BytesOf(expected))
        << what << " of field " << payload.field;
  }
}

TEST(DynamicRefusals, AreThoseOfGeneratedCodeForEveryDamagedByte) {
  for (const bool plain : {false, true}) {
    State state = RandomState(kSeed, 4);
    WriterOptions options;
    options.plain_columns = plain;
    options.compression = Compression::Raw();
    StringSink sink;
    ASSERT_THAT(Write(state, &sink, options), IsOk());
    for (const Payload& payload : PayloadsOf(sink.written)) {
      for (size_t i = 0; i < payload.bytes.size(); ++i) {
        for (const int flip : {0x01, 0x80}) {
          Payload damaged = payload;
          damaged.bytes[i] = static_cast<char>(damaged.bytes[i] ^ flip);
          ExpectSameOutcome(damaged, absl::StrCat("byte ", i, " ^ ", flip));
          if (HasFatalFailure()) return;
        }
        Payload cut = payload;
        cut.bytes.resize(i);
        ExpectSameOutcome(cut, absl::StrCat("the first ", i, " bytes"));
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(DynamicRefusals, AnotherCountOfRecords) {
  State state = RandomState(kSeed, 4);
  StringSink sink;
  ASSERT_THAT(Write(state, &sink, WriterOptions()), IsOk());
  for (Payload payload : PayloadsOf(sink.written)) {
    if (payload.field == 0) continue;
    ++payload.records;
    ExpectSameOutcome(payload, "one record more");
    payload.records = 1;
    ExpectSameOutcome(payload, "one record");
  }
}

TEST(DynamicRefusals, UnknownBatchesAndRootMessages) {
  ExpectSameOutcome({99, 1, ""}, "a batch");
  // Repeated, but no records.
  ExpectSameOutcome({3, 1, ""}, "a batch");
  ExpectSameOutcome({4, 1, ""}, "a batch");
  ExpectSameOutcome({UINT32_MAX, 1, ""}, "a batch");
  StringSource source(HandmadeStream().AddRoot().Finish());
  DynamicStateReader reader(&source);
  State state;
  Collector collector(&state);
  EXPECT_THAT(reader.Read(Schema(), collector),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(DynamicRefusals, MaxBatchMemoryIsSpentAlike) {
  State state = RandomState(kSeed, 200);
  StringSink sink;
  ASSERT_THAT(Write(state, &sink, WriterOptions()), IsOk());
  for (const Payload& payload : PayloadsOf(sink.written)) {
    const std::string stream = StreamOf(payload);
    const auto generated = [&](uint64_t memory) {
      Limits limits;
      limits.max_batch_memory = memory;
      StringSource source(stream);
      State read;
      return Read(&source, &read, limits);
    };
    const auto dynamic = [&](uint64_t memory) {
      Limits limits;
      limits.max_batch_memory = memory;
      State read;
      return ReadDynamic(stream, &read, limits);
    };
    // The least that generated code can do with.
    uint64_t low = 0;
    uint64_t high = 1 << 20;
    while (low < high) {
      const uint64_t middle = (low + high) / 2;
      if (generated(middle).ok()) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    if (high == 0) continue;
    EXPECT_EQ(dynamic(high), absl::OkStatus()) << payload.field;
    EXPECT_EQ(ReasonOf(dynamic(high - 1)), ERROR_REASON_LIMIT) << payload.field;
    EXPECT_EQ(dynamic(high - 1), generated(high - 1)) << payload.field;
  }
}

TEST(DynamicDecoder, MessagesTakeAtMostAMultipleOfWhatTheyCountFor) {
  std::vector<std::unique_ptr<Message>> records;
  // Empty messages are the worst: all of them is overhead.
  auto nothings = std::make_unique<Repeateds>();
  for (int i = 0; i < 1000; ++i) nothings->add_nothings();
  records.push_back(std::move(nothings));
  auto maps = std::make_unique<Repeateds>();
  for (int i = 0; i < 1000; ++i) {
    (*maps->mutable_by_number())[i] = "text";
    (*maps->mutable_by_name())[absl::StrCat(i)].set_label("label");
  }
  records.push_back(std::move(maps));
  records.push_back(std::make_unique<Repeateds>());
  State state = RandomState(kSeed, 100);
  for (auto& record : state.repeateds) records.push_back(std::move(record));
  uint64_t size = 0;
  const MessageModel& model = ModelOf(*Repeateds::descriptor());
  dynamic::MessageColumnsBuilder builder(model);
  for (const auto& record : records) {
    builder.Append(*record);
    size += RecordSize(model) + builder.VariableSize(*record);
  }
  ByteBuffer payload;
  MessageWriter writer(&payload);
  builder.EncodeBody(writer);
  Chunk chunk;
  chunk.header.records = static_cast<uint32_t>(records.size());
  chunk.payload = payload.view();
  google::protobuf::DynamicMessageFactory factory;
  std::vector<std::unique_ptr<Message>> back;
  Limits limits;
  limits.max_batch_memory = size;
  ASSERT_THAT(DecodeBatch(chunk, "repeateds", model,
                          *factory.GetPrototype(Repeateds::descriptor()),
                          limits, &back),
              IsOk());
  uint64_t taken = 0;
  for (const auto& record : back) taken += record->SpaceUsedLong();
  EXPECT_LE(taken, size * kMessageMemoryFactor);
  limits.max_batch_memory = size - 1;
  EXPECT_EQ(ReasonOf(DecodeBatch(chunk, "repeateds", model,
                                 *factory.GetPrototype(Repeateds::descriptor()),
                                 limits, &back)),
            ERROR_REASON_LIMIT);
}

TEST(DynamicWriter, ARecordThatNoReaderTakesIsRefusedWhenItIsSaved) {
  // 4 million empty messages in one record, 8 bytes each.
  State state = RandomState(kSeed, 0);
  auto record = std::make_unique<Repeateds>();
  record->mutable_nothings()->Reserve(4 << 20);
  for (int i = 0; i < 4 << 20; ++i) record->add_nothings();
  state.repeateds.push_back(std::move(record));
  StringSink sink;
  const absl::Status status = Write(state, &sink, WriterOptions());
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("repeateds 0: the record counts for")));
  EXPECT_EQ(WriteDynamic(state, &sink, WriterOptions()), status);
}

// --- What cannot be written ---

TEST(DynamicEncoder, RefusesWhatNoReaderTakesWithTheRecord) {
  BatchEncoder encoder(ModelOf(*Optionals::descriptor()));
  ByteBuffer bytes;
  MessageWriter writer(&bytes);
  Optionals good;
  good.set_text("text");
  Optionals bad;
  bad.mutable_part()->set_label("\xff");
  ASSERT_THAT(encoder.Append(good), IsOk());
  ASSERT_THAT(encoder.Append(bad), IsOk());
  EXPECT_THAT(encoder.Encode(writer),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("part.label: occurrence 0 in the batch has "
                                 "\"\\xff\", which is not valid UTF-8")));
  encoder.Clear();
  bad.Clear();
  bad.set_color(static_cast<Color>(77));
  ASSERT_THAT(encoder.Append(bad), IsOk());
  EXPECT_THAT(encoder.Encode(writer),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("color: occurrence 0 in the batch has 77")));
  EXPECT_TRUE(bytes.empty());
}

TEST(DynamicEncoder, RefusesWhatTheSchemaDoesNotHaveAndStaysAsItWas) {
  BatchEncoder encoder(ModelOf(*Optionals::descriptor()));
  Optionals good;
  good.set_text("text");
  ASSERT_THAT(encoder.Append(good), IsOk());
  Optionals bad;
  ASSERT_TRUE(bad.ParseFromString("\xf8\x07\x01"));
  EXPECT_THAT(encoder.Append(bad), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr("number 127")));
  BatchEncoder expected(ModelOf(*Optionals::descriptor()));
  ASSERT_THAT(expected.Append(good), IsOk());
  ByteBuffer actual_bytes;
  ByteBuffer expected_bytes;
  MessageWriter actual_writer(&actual_bytes);
  MessageWriter expected_writer(&expected_bytes);
  ASSERT_THAT(encoder.Encode(actual_writer), IsOk());
  ASSERT_THAT(expected.Encode(expected_writer), IsOk());
  EXPECT_EQ(actual_bytes.view(), expected_bytes.view());
}

TEST(DynamicWriter, NamesTheRecordThatItRefusesAndStops) {
  const SchemaFacts facts(*Everything::descriptor());
  StringSink sink;
  DynamicStateWriter writer(&sink, Schema(), facts.info(), WriterOptions());
  ASSERT_THAT(writer.Begin(Everything()), IsOk());
  const FieldDescriptor& field =
      *Everything::descriptor()->FindFieldByName("optionals");
  Optionals record;
  ASSERT_THAT(writer.Add(field, record), IsOk());
  Optionals unknown;
  ASSERT_TRUE(unknown.mutable_part()->ParseFromString("\xf8\x07\x01"));
  const absl::Status status = writer.Add(field, unknown);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("optionals[1].part.number 127: ")));
  EXPECT_EQ(writer.Finish(), status);
  EXPECT_EQ(sink.written, "");
}

TEST(DynamicWriter, RefusesABatchAsAGeneratedWriterDoes) {
  State state = RandomState(kSeed, 0);
  auto record = std::make_unique<Optionals>();
  record->set_text("\xff");
  state.optionals.push_back(std::make_unique<Optionals>());
  state.optionals.push_back(std::move(record));
  StringSink sink;
  const absl::Status status = Write(state, &sink, WriterOptions());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("optionals 0 to 1: text: ")));
  EXPECT_EQ(WriteDynamic(state, &sink, WriterOptions()), status);
}

TEST(DynamicWriter, TheRootHoldsNoRecords) {
  const SchemaFacts facts(*Everything::descriptor());
  StringSink sink;
  DynamicStateWriter writer(&sink, Schema(), facts.info(), WriterOptions());
  Everything root;
  root.add_scalars();
  EXPECT_THAT(writer.Begin(root), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("scalars")));
}

}  // namespace
}  // namespace devstate::test::everything
