// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The size of deletions, by generated code and by the codec that has only
// descriptors.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/serializer/names.devstate.h"

namespace devstate {
namespace {

using ::devstate::test::names::Name;
using ::devstate::test::names::NameRow;
using ::devstate::test::names::Names;
using ::devstate::test::names::NamesBatch;
using ::devstate::test::names::NamesReader;
using ::devstate::test::names::NamesVisitor;
using ::devstate::test::names::NamesWriter;
using ::devstate::testing::IsOk;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

// Names that count, with 64 bytes each, for 64 + `text_size` as deletions.
struct Deletions {
  uint32_t count;
  size_t text_size;
  std::string note;
};

std::string TextOf(uint32_t i, const Deletions& deletions) {
  std::string text = absl::StrCat(i);
  text.resize(deletions.text_size, '.');
  return text;
}

struct Written {
  std::string stream;
  // The chunks of the second round.
  uint64_t chunks = 0;
};

constexpr uint64_t kMarksAndRoot = 3;

absl::Status WriteGenerated(const Deletions& deletions,
                            const WriterOptions& options, Written* written) {
  StringSink sink;
  NamesWriter writer(&sink, options);
  DS_RETURN_IF_ERROR(writer.BeginRound(Names()));
  const auto each = [&](auto use) -> absl::Status {
    for (uint32_t i = 0; i < deletions.count; ++i) {
      const std::string text = TextOf(i, deletions);
      NameRow row;
      row.text = text;
      row.scope = i;
      row.note = deletions.note;
      DS_RETURN_IF_ERROR(use(row));
    }
    return absl::OkStatus();
  };
  DS_RETURN_IF_ERROR(
      each([&](const NameRow& row) { return writer.AddNames(row); }));
  DS_RETURN_IF_ERROR(writer.EndRound());
  const uint64_t before = writer.stream().chunks();
  DS_RETURN_IF_ERROR(writer.BeginRound(Names()));
  DS_RETURN_IF_ERROR(
      each([&](const NameRow& row) { return writer.DeleteNames(row); }));
  DS_RETURN_IF_ERROR(writer.Finish());
  written->stream = sink.written;
  written->chunks = writer.stream().chunks() - before;
  return absl::OkStatus();
}

absl::Status WriteDynamic(const Deletions& deletions,
                          const WriterOptions& options, Written* written) {
  const SchemaModel schema = BuildSchemaModel(*Names::descriptor());
  const SchemaFacts facts(*Names::descriptor());
  const auto& field = *Names::descriptor()->FindFieldByName("names");
  StringSink sink;
  DynamicStateWriter writer(&sink, schema, facts.info(), options);
  DS_RETURN_IF_ERROR(writer.BeginRound(Names()));
  const auto each = [&](auto use) -> absl::Status {
    for (uint32_t i = 0; i < deletions.count; ++i) {
      Name name;
      name.set_text(TextOf(i, deletions));
      name.set_scope(i);
      name.set_note(deletions.note);
      DS_RETURN_IF_ERROR(use(name));
    }
    return absl::OkStatus();
  };
  DS_RETURN_IF_ERROR(
      each([&](const Name& name) { return writer.Add(field, name); }));
  DS_RETURN_IF_ERROR(writer.EndRound());
  const uint64_t before = writer.stream().chunks();
  DS_RETURN_IF_ERROR(writer.BeginRound(Names()));
  DS_RETURN_IF_ERROR(
      each([&](const Name& name) { return writer.Delete(field, name); }));
  DS_RETURN_IF_ERROR(writer.Finish());
  written->stream = sink.written;
  written->chunks = writer.stream().chunks() - before;
  return absl::OkStatus();
}

// Counts the records of a state.
class Counter : public NamesVisitor {
 public:
  absl::Status OnRoot(const Names&) override { return absl::OkStatus(); }
  absl::Status OnNames(NamesBatch& batch) override {
    count += batch.size();
    return absl::OkStatus();
  }
  size_t count = 0;
};

using Write = absl::Status (*)(const Deletions& deletions,
                               const WriterOptions& options, Written* written);

class DeletionsTest : public ::testing::TestWithParam<Write> {
 protected:
  Written WriteAll(const Deletions& deletions, const WriterOptions& options) {
    Written written;
    EXPECT_THAT(GetParam()(deletions, options, &written), IsOk());
    return written;
  }
};

INSTANTIATE_TEST_SUITE_P(Codecs, DeletionsTest,
                         ::testing::Values(WriteGenerated, WriteDynamic),
                         [](const ::testing::TestParamInfo<Write>& info) {
                           return info.index == 0 ? "Generated" : "Dynamic";
                         });

TEST_P(DeletionsTest, LongKeysAreManyChunks) {
  // More than any chunk holds.
  const Written written = WriteAll({2000, 1000, ""}, WriterOptions());
  StringSource source(written.stream);
  NamesReader reader(&source);
  Counter counter;
  ASSERT_THAT(reader.Read(counter), IsOk());
  EXPECT_EQ(counter.count, 0u);
}

TEST_P(DeletionsTest, ADeletionCountsForItsRecordSizeAndItsKey) {
  WriterOptions options;
  options.max_batch_bytes = 6 * (64 + 100);
  EXPECT_EQ(WriteAll({12, 100, ""}, options).chunks, kMarksAndRoot + 2);
  --options.max_batch_bytes;
  EXPECT_EQ(WriteAll({12, 100, ""}, options).chunks, kMarksAndRoot + 3);
}

TEST_P(DeletionsTest, WhatIsNotTheKeyDoesNotCount) {
  WriterOptions options;
  options.max_batch_bytes = 6 * (64 + 100);
  const std::string note(500, 'n');
  EXPECT_EQ(WriteAll({12, 100, note}, options).chunks, kMarksAndRoot + 2);
}

TEST(DeletionCodecs, WriteTheSameBytes) {
  WriterOptions options;
  options.max_batch_bytes = 1000;
  const Deletions deletions = {50, 30, "note"};
  Written generated, dynamic;
  ASSERT_THAT(WriteGenerated(deletions, options, &generated), IsOk());
  ASSERT_THAT(WriteDynamic(deletions, options, &dynamic), IsOk());
  EXPECT_EQ(generated.stream, dynamic.stream);
}

}  // namespace
}  // namespace devstate
