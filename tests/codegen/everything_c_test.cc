// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Generated C on a schema that has everything: it is generated C++ in other
// clothes, byte by byte and reason by reason.

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "devstate/backend/c/root_message.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/root_message.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codegen/c_states.h"
#include "tests/codegen/everything.devstate-c.h"
#include "tests/codegen/everything_rows.h"

namespace devstate::test::everything {
namespace {

using ::devstate::testing::AppendTo;
using ::devstate::testing::HandmadeStream;
using ::devstate::testing::IsOk;
using ::devstate::testing::Outcome;
using ::devstate::testing::OutcomeOf;
using ::devstate::testing::ReadInC;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20261122;
const devstate_schema& kSchema = devstate_test_everything_everything_schema;

// --- Messages and structs, by the generated tables ---

void ToStruct(const google::protobuf::Message& message,
              const devstate_table& type, void* row, c::Arrays* arrays) {
  const std::string bytes = SerializeDeterministic(message);
  char* copy = arrays->Allocate(1, bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy);
  EXPECT_TRUE(c::ReadMessage({copy, bytes.size()}, type, row, arrays));
}

void ToMessage(const devstate_table& type, const void* row,
               google::protobuf::Message* message) {
  ByteBuffer bytes;
  MessageWriter out(&bytes);
  EXPECT_THAT(c::WriteMessage(type, row, out), IsOk());
  EXPECT_TRUE(
      message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_EQ(bytes.view(), SerializeDeterministic(*message));
}

const devstate_table& TypeOf(int number) {
  for (uint32_t i = 0; i < kSchema.record_count; ++i) {
    if (kSchema.records[i].number == static_cast<uint32_t>(number)) {
      return *kSchema.records[i].message;
    }
  }
  ADD_FAILURE() << number;
  return *kSchema.root;
}

// `gap` bytes of rubbish lie between structs, and `at_once` are added in a
// call.
std::string WriteInC(State& state, const devstate_write_options& options,
                     size_t gap, size_t at_once,
                     const devstate_schema& schema = kSchema) {
  c::Arrays arrays;
  std::string bytes;
  devstate_writer* writer =
      devstate_writer_open(&schema, &AppendTo, &bytes, &options);
  EXPECT_NE(writer, nullptr) << devstate_error();
  devstate_test_everything_everything root = {};
  ToStruct(state.root, *kSchema.root, &root, &arrays);
  EXPECT_EQ(devstate_test_everything_everything_begin(writer, &root), 0);
  for (const auto& [number, records] : state.fields()) {
    const devstate_table& type = TypeOf(number);
    const size_t stride = type.row_size + gap;
    char* rows = arrays.Allocate(1, records->size() * stride);
    for (size_t i = 0; i < records->size(); ++i) {
      char* row = rows + i * stride;
      ToStruct(*(*records)[i], type, row, &arrays);
      std::fill_n(row + type.row_size, gap, '\xaa');
    }
    for (size_t i = 0; i < records->size(); i += at_once) {
      EXPECT_EQ(devstate_writer_add(
                    writer, static_cast<uint32_t>(number), rows + i * stride,
                    std::min(at_once, records->size() - i), stride),
                0)
          << devstate_error();
    }
  }
  EXPECT_EQ(devstate_writer_finish(writer), 0) << devstate_error();
  devstate_writer_free(writer);
  return bytes;
}

void Take(const devstate_batch& batch, State* state) {
  if (batch.number == 0) {
    EXPECT_EQ(batch.count, 1u);
    EXPECT_EQ(devstate_test_everything_everything_get(&batch), batch.rows);
    ToMessage(*kSchema.root, batch.rows, &state->root);
    return;
  }
  EXPECT_EQ(devstate_test_everything_everything_get(&batch), nullptr);
  const devstate_table& type = TypeOf(static_cast<int>(batch.number));
  EXPECT_EQ(batch.row_size, type.row_size);
  for (const auto& [number, records] : state->fields()) {
    if (static_cast<uint32_t>(number) != batch.number) continue;
    for (size_t i = 0; i < batch.count; ++i) {
      records->push_back(NewRecord(static_cast<int>(batch.number)));
      ToMessage(type, static_cast<const char*>(batch.rows) + i * type.row_size,
                records->back().get());
    }
  }
}

struct Variant {
  const char* name;
  const char* in_c;
  Compression compression;
  bool plain_columns;
};
const Variant kVariants[] = {
    {"Raw", "raw", Compression::Raw(), false},
    {"Zstd", "zstd:1", Compression::Zstd(1), false},
    {"Automatic", nullptr, Compression::Automatic(), false},
    {"Plain", "raw", Compression::Raw(), true},
};

// Keeps the schema for all tests: errors need its descriptors, which take
// milliseconds to parse.
class Opened : public ::testing::Environment {
 public:
  void SetUp() override {
    writer_ = devstate_writer_open(&kSchema, &AppendTo, &unused_, nullptr);
    ASSERT_NE(writer_, nullptr) << devstate_error();
  }
  void TearDown() override { devstate_writer_free(writer_); }

 private:
  std::string unused_;
  devstate_writer* writer_ = nullptr;
};
const auto* const kOpened = ::testing::AddGlobalTestEnvironment(new Opened);

class EverythingInC : public ::testing::TestWithParam<Variant> {
 protected:
  WriterOptions CppOptions(uint32_t max_batch_records) {
    WriterOptions options;
    options.implementation = {"test", "1.2"};
    options.instance = "one";
    options.compression = GetParam().compression;
    options.plain_columns = GetParam().plain_columns;
    options.max_batch_records = max_batch_records;
    return options;
  }
  devstate_write_options COptions(uint32_t max_batch_records) {
    devstate_write_options options = {};
    options.size = sizeof(options);
    options.flags = GetParam().plain_columns ? DEVSTATE_WRITE_PLAIN : 0;
    options.implementation = "test";
    options.implementation_version = "1.2";
    options.instance = "one";
    options.compression = GetParam().in_c;
    options.max_batch_records = max_batch_records;
    return options;
  }
  std::string Written(State& state, uint32_t max_batch_records) {
    StringSink sink;
    EXPECT_THAT(Write(state, &sink, CppOptions(max_batch_records)), IsOk());
    return sink.written;
  }
};

INSTANTIATE_TEST_SUITE_P(All, EverythingInC, ::testing::ValuesIn(kVariants),
                         [](const auto& info) { return info.param.name; });

TEST_P(EverythingInC, BytesAreThoseOfCpp) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{63}, size_t{500}}) {
    State state = RandomState(kSeed + count, count);
    for (const uint32_t max_batch_records : {1u, 64u, 100u, 2048u}) {
      const std::string expected = Written(state, max_batch_records);
      const devstate_write_options options = COptions(max_batch_records);
      for (const size_t at_once : {size_t{1}, size_t{7}, size_t{1000}}) {
        EXPECT_EQ(WriteInC(state, options, at_once == 7 ? 16 : 0, at_once),
                  expected)
            << count << " records, " << max_batch_records << " in a batch, "
            << at_once << " at once";
      }
    }
  }
}

// As another copy, of which nothing is known yet, and with rubbish for
// descriptors.
devstate_schema WithoutDescriptors() {
  devstate_schema schema = kSchema;
  schema.descriptor_set = {"rubbish", 7};
  return schema;
}

TEST(EverythingInCTest, AStateOfTheSameSchemaNeedsNoDescriptors) {
  const devstate_schema schema = WithoutDescriptors();
  State state = RandomState(kSeed, 20);
  StringSink sink;
  WriterOptions options;
  options.embed_descriptor_set = false;
  EXPECT_THAT(Write(state, &sink, options), IsOk());
  State back;
  EXPECT_EQ(ReadInC(schema, sink.written,
                    [&](const auto& batch) { Take(batch, &back); }),
            Outcome());
  ExpectSameState(back, state);

  devstate_write_options c_options = {};
  c_options.size = sizeof(c_options);
  c_options.flags = DEVSTATE_WRITE_NO_SCHEMA;
  EXPECT_EQ(WriteInC(state, c_options, 0, 1000, schema), sink.written);
}

TEST(EverythingInCTest, AnErrorInTheRootAsksForTheDescriptors) {
  const devstate_schema schema = WithoutDescriptors();
  devstate_test_everything_everything root = {};
  // No color.
  root.color = 3;
  std::string bytes;
  for (const devstate_schema* one : {&kSchema, &schema}) {
    devstate_writer* writer =
        devstate_writer_open(one, &AppendTo, &bytes, nullptr);
    EXPECT_LT(devstate_test_everything_everything_begin(writer, &root), 0);
    EXPECT_THAT(devstate_error(),
                HasSubstr(one == &kSchema ? "color has the value 3"
                                          : "the generated schema"));
    devstate_writer_free(writer);
  }
}

TEST_P(EverythingInC, WhatCppWroteComesBack) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{300}}) {
    State state = RandomState(kSeed + count, count);
    for (const uint32_t max_batch_records : {7u, 2048u}) {
      State back;
      EXPECT_EQ(ReadInC(kSchema, Written(state, max_batch_records),
                        [&](const auto& batch) { Take(batch, &back); }),
                Outcome());
      ExpectSameState(back, state);
    }
  }
}

// By size, not by number.
TEST(EverythingInCTest, LargeRecordsEndBatchesAsInCpp) {
  State state;
  for (size_t i = 0; i < 40; ++i) {
    auto scalars = std::make_unique<Scalars>();
    scalars->set_data(testing::Noise(i * 3000, static_cast<uint32_t>(i)));
    state.scalars.push_back(std::move(scalars));
  }
  StringSink sink;
  WriterOptions options;
  options.max_batch_bytes = 50000;
  EXPECT_THAT(Write(state, &sink, options), IsOk());
  devstate_write_options c_options = {};
  c_options.size = sizeof(c_options);
  c_options.max_batch_bytes = 50000;
  EXPECT_EQ(WriteInC(state, c_options, 0, 1000), sink.written);
}

// What does both readers say of the same bytes?
void ExpectSameOutcome(const std::string& stream, const std::string& what) {
  StringSource source(stream);
  State state;
  const absl::Status status = Read(&source, &state);
  State state_in_c;
  const Outcome outcome = ReadInC(
      kSchema, stream, [&](const auto& batch) { Take(batch, &state_in_c); });
  EXPECT_EQ(outcome, OutcomeOf(status)) << what;
  // By bytes: damage makes NaNs, which equal nothing.
  EXPECT_EQ(SerializeDeterministic(state_in_c.root),
            SerializeDeterministic(state.root))
      << what;
  const auto fields = state.fields();
  const auto fields_in_c = state_in_c.fields();
  for (size_t f = 0; f < fields.size(); ++f) {
    const Records& records = *fields[f].second;
    const Records& records_in_c = *fields_in_c[f].second;
    ASSERT_EQ(records_in_c.size(), records.size()) << what;
    for (size_t i = 0; i < records.size(); ++i) {
      EXPECT_EQ(SerializeDeterministic(*records_in_c[i]),
                SerializeDeterministic(*records[i]))
          << what;
    }
  }
}

std::string SmallStream() {
  State state = RandomState(kSeed, 1);
  StringSink sink;
  WriterOptions options;
  options.embed_descriptor_set = false;
  EXPECT_THAT(Write(state, &sink, options), IsOk());
  return sink.written;
}

std::string Mutated(std::string bytes, std::mt19937_64& random) {
  for (size_t n = random() % 4; n > 0 && !bytes.empty(); --n) {
    const size_t at = random() % bytes.size();
    switch (random() % 4) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8);
        break;
      case 2:
        bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 8));
        break;
      default:
        bytes.erase(at, random() % 8);
    }
  }
  return bytes;
}

// Structs are read without descriptors, so the walk that has them must have
// nothing to say about what was read.
TEST(EverythingInCTest, AMessageThatTheTablesTakeHasNoFault) {
  std::mt19937_64 random(kSeed);
  size_t taken = 0;
  size_t refused = 0;
  for (int round = 0; round < 100; ++round) {
    State state = RandomState(kSeed + static_cast<uint64_t>(round), 4);
    for (const auto& [number, records] : state.fields()) {
      const devstate_table& type = TypeOf(number);
      for (const auto& record : *records) {
        const std::string bytes =
            Mutated(SerializeDeterministic(*record), random);
        c::Arrays arrays;
        char* row = arrays.Allocate(1, type.row_size);
        if (!c::ReadMessage(bytes, type, row, &arrays)) {
          ++refused;
          continue;
        }
        ++taken;
        EXPECT_TRUE(WalkWire(
            bytes, *record->GetDescriptor(), [](const WireFinding& found) {
              // It takes the message for a root.
              EXPECT_EQ(found.fault, WireFault::kRecord) << FaultText(found);
              return true;
            }));
        const auto parsed = NewRecord(number);
        ASSERT_TRUE(parsed->ParseFromString(bytes));
        ByteBuffer written;
        MessageWriter out(&written);
        ASSERT_THAT(c::WriteMessage(type, row, out), IsOk());
        ASSERT_EQ(written.view(), SerializeDeterministic(*parsed));
      }
    }
  }
  EXPECT_GT(taken, 500u);
  EXPECT_GT(refused, 500u);
}

TEST(EverythingInCTest, AMapEntryWhoseValueIsNotWrittenHasAnEmptyOne) {
  const std::string bytes(
      "\x22\x03\x0a\x01"
      "a");
  devstate_test_everything_everything root = {};
  c::Arrays arrays;
  ASSERT_TRUE(c::ReadMessage(bytes, *kSchema.root, &root, &arrays));
  ASSERT_EQ(root.parts.count, 1u);
  EXPECT_TRUE(root.parts.data->has_value);
  EXPECT_EQ(root.parts.data->value.id, 0u);
}

TEST(EverythingInCTest, ArraysThatNoMemoryHoldsAreNone) {
  c::Arrays arrays;
  EXPECT_NE(arrays.Allocate(4, 8), nullptr);
  EXPECT_FALSE(arrays.exhausted());
  // The product is 8.
  EXPECT_EQ(arrays.Allocate(SIZE_MAX / 8 + 2, 8), nullptr);
  EXPECT_TRUE(arrays.exhausted());
  arrays.Clear();
  EXPECT_FALSE(arrays.exhausted());
}

TEST(EverythingInCTest, EveryFlippedBitIsRefusedForTheReasonThatCppGives) {
  const std::string stream = SmallStream();
  for (size_t bit = 0; bit < stream.size() * 8; ++bit) {
    std::string flipped = stream;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    StringSource source(flipped);
    State state;
    const absl::Status status = Read(&source, &state);
    ASSERT_FALSE(status.ok()) << bit;
    ASSERT_EQ(ReadInC(kSchema, flipped), OutcomeOf(status)) << bit;
  }
}

TEST(EverythingInCTest, EveryTruncationIsRefusedForTheReasonThatCppGives) {
  const std::string stream = SmallStream();
  for (size_t size = 0; size < stream.size(); ++size) {
    const std::string cut = stream.substr(0, size);
    StringSource source(cut);
    State state;
    const absl::Status status = Read(&source, &state);
    ASSERT_FALSE(status.ok()) << size;
    ASSERT_EQ(ReadInC(kSchema, cut), OutcomeOf(status)) << size;
  }
}

// A stream of the chunks of another, with right checksums.
class Rewrapped {
 public:
  explicit Rewrapped(const std::string& stream) : source_(stream) {
    StreamReader reader(&source_);
    const auto header = reader.ReadHeader();
    EXPECT_THAT(header.status(), IsOk());
    header_ = Serialize(**header);
    while (true) {
      const auto chunk = reader.NextChunk();
      EXPECT_THAT(chunk.status(), IsOk());
      if (!chunk.ok() || !chunk->has_value()) break;
      chunks_.push_back({(*chunk)->header, std::string((*chunk)->payload)});
    }
  }

  // With one payload changed at random.
  std::string Damaged(std::mt19937_64& random) const {
    HandmadeStream stream(header_);
    const size_t chosen = random() % chunks_.size();
    for (size_t i = 0; i < chunks_.size(); ++i) {
      std::string payload = chunks_[i].second;
      if (i == chosen && !payload.empty()) {
        for (size_t n = 1 + random() % 2; n > 0; --n) {
          const size_t at = random() % payload.size();
          payload[at] =
              random() % 4 == 0
                  ? static_cast<char>(random())
                  : static_cast<char>(payload[at] ^ 1 << random() % 8);
        }
      }
      stream.Add(chunks_[i].first.type, chunks_[i].first.field,
                 chunks_[i].first.records, payload);
    }
    return stream.Finish();
  }

 private:
  StringSource source_;
  std::string header_;
  std::vector<std::pair<Chunk::Header, std::string>> chunks_;
};

TEST(EverythingInCTest, DamageBehindTheChecksumsIsSeenAsInCpp) {
  std::mt19937_64 random(kSeed);
  for (const size_t count : {size_t{1}, size_t{20}}) {
    State state = RandomState(kSeed + count, count);
    StringSink sink;
    WriterOptions options;
    options.embed_descriptor_set = false;
    EXPECT_THAT(Write(state, &sink, options), IsOk());
    const Rewrapped rewrapped(sink.written);
    for (int i = 0; i < 3000; ++i) {
      ExpectSameOutcome(rewrapped.Damaged(random), std::to_string(i));
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace devstate::test::everything
