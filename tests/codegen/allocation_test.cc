// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Generated code allocates for a batch, and not for a record.

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/codegen/everything.devstate.h"

namespace {

std::atomic<size_t> allocations{0};
std::atomic<size_t> largest{0};

// Bytes that are allocated now, and the most since it was set.
std::atomic<size_t> live{0};
std::atomic<size_t> peak{0};

void* Allocate(size_t size) {
  ++allocations;
  if (size > largest) largest = size;
  void* p = std::malloc(size == 0 ? 1 : size);
  const size_t now = live += malloc_usable_size(p);
  if (now > peak) peak = now;
  return p;
}

void Free(void* p) {
  live -= malloc_usable_size(p);
  std::free(p);
}

}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void operator delete(void* p) noexcept { Free(p); }
void operator delete[](void* p) noexcept { Free(p); }
void operator delete(void* p, size_t) noexcept { Free(p); }
void operator delete[](void* p, size_t) noexcept { Free(p); }

namespace devstate::test::everything {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

constexpr size_t kRecords = 100000;

class NullSink : public ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    size_ += bytes.size();
    return absl::OkStatus();
  }
  size_t size_ = 0;
};

absl::Status WriteRecords(ByteSink* sink, size_t count) {
  WriterOptions options;
  options.compression = Compression::Zstd(1);
  EverythingWriter writer(sink, options);
  absl::Status status = writer.Begin(Everything());
  uint64_t numbers[3] = {1, 2, 3};
  PartRow parts[2];
  parts[0].label = "left";
  parts[1].label = "right";
  for (size_t i = 0; status.ok() && i < count; ++i) {
    RepeatedsRow row;
    numbers[i % 3] = i * i;
    row.u64 = absl::MakeConstSpan(numbers, i % 4);
    parts[i % 2].id = i;
    row.parts = parts;
    status = writer.AddRepeateds(row);
  }
  for (size_t i = 0; status.ok() && i < count; ++i) {
    NestedRow row;
    row.inner.emplace();
    row.inner->innermost.emplace();
    row.inner->innermost->value = static_cast<uint32_t>(i * 77);
    if (i % 2 == 0) {
      row.name = "a name";
    } else {
      row.number = static_cast<uint32_t>(i);
    }
    status = writer.AddNested(row);
  }
  return status.ok() ? writer.Finish() : status;
}

class Counter : public EverythingVisitor {
 public:
  template <typename Batch>
  absl::Status Count(Batch& batch) {
    typename Batch::Row row;
    while (batch.Next(&row)) ++records;
    return absl::OkStatus();
  }
  absl::Status OnRoot(const Everything&) override { return absl::OkStatus(); }
  absl::Status OnScalars(ScalarsBatch& b) override { return Count(b); }
  absl::Status OnOptionals(OptionalsBatch& b) override { return Count(b); }
  absl::Status OnRepeateds(RepeatedsBatch& b) override { return Count(b); }
  absl::Status OnNested(NestedBatch& b) override { return Count(b); }
  absl::Status OnClass(ClassBatch& b) override { return Count(b); }
  absl::Status OnVisitor(VisitorBatch& b) override { return Count(b); }
  absl::Status OnStream(StreamBatch& b) override { return Count(b); }
  absl::Status OnStatus(StatusBatch& b) override { return Count(b); }
  absl::Status OnSize(SizeBatch& b) override { return Count(b); }
  size_t records = 0;
};

TEST(Allocations, WritingTakesNoneForARecord) {
  NullSink sink;
  allocations = largest = 0;
  ASSERT_THAT(WriteRecords(&sink, kRecords), IsOk());
  EXPECT_LT(allocations, kRecords / 50);
  // No buffer grows with the state.
  EXPECT_LT(largest, size_t{4} << 20);
}

TEST(Allocations, ReadingTakesNoneForARecord) {
  StringSink sink;
  ASSERT_THAT(WriteRecords(&sink, kRecords), IsOk());
  StringSource source(sink.written);
  Counter counter;
  allocations = largest = 0;
  EverythingReader reader(&source);
  ASSERT_THAT(reader.Read(counter), IsOk());
  EXPECT_LT(allocations, kRecords / 50);
  EXPECT_LT(largest, size_t{4} << 20);
  EXPECT_EQ(counter.records, 2 * kRecords);
}

// The most memory that reading takes, for one batch as large as a batch can be,
// whatever the size of a chunk.
template <typename AddRows>
void ExpectMemoryIsBounded(AddRows add_rows) {
  WriterOptions options;
  options.limits.max_chunk_decoded_bytes = 64 << 20;
  options.max_batch_records = options.limits.max_chunk_records;
  options.max_batch_bytes =
      static_cast<uint32_t>(options.limits.max_batch_memory);
  options.compression = Compression::Zstd(1);
  options.use_second_thread = false;
  options.embed_descriptor_set = false;
  StringSink sink;
  {
    EverythingWriter writer(&sink, options);
    ASSERT_THAT(writer.Begin(Everything()), IsOk());
    ASSERT_THAT(add_rows(writer), IsOk());
    ASSERT_THAT(writer.Finish(), IsOk());
  }
  StringSource source(sink.written);
  Counter counter;
  const size_t before = live;
  peak = before;
  EverythingReader reader(&source, options.limits);
  ASSERT_THAT(reader.Read(counter), IsOk());
  // Beside the batch, a stored and a decoded chunk.
  const uint64_t chunks =
      sink.written.size() * 2 + reader.stream().decoded_bytes() * 2 + (1 << 20);
  EXPECT_LE(peak - before, 4 * options.limits.max_batch_memory + chunks);
}

TEST(Allocations, ABatchTakesAtMostFourTimesWhatItCountsFor) {
  ExpectMemoryIsBounded([](EverythingWriter& writer) {
    OptionalsRow row;
    row.i32 = 1;
    row.u64 = UINT64_MAX;
    row.text = "text";
    row.part.emplace();
    absl::Status status;
    for (int i = 0; status.ok() && i < 45000; ++i) {
      row.i64 = int64_t{i} << 40;
      status = writer.AddOptionals(row);
    }
    return status;
  });
  // Spans are columns and rows at once.
  ExpectMemoryIsBounded([](EverythingWriter& writer) {
    const std::vector<uint64_t> numbers(1000, UINT64_MAX);
    const std::vector<PartRow> parts(100);
    RepeatedsRow row;
    row.u64 = numbers;
    row.parts = parts;
    absl::Status status;
    for (int i = 0; status.ok() && i < 1300; ++i) {
      status = writer.AddRepeateds(row);
    }
    return status;
  });
  ExpectMemoryIsBounded([](EverythingWriter& writer) {
    const std::vector<absl::string_view> texts(
        1000, "a text of 32 bytes, no byte less");
    RepeatedsRow row;
    row.text = texts;
    absl::Status status;
    for (int i = 0; status.ok() && i < 300; ++i) {
      status = writer.AddRepeateds(row);
    }
    return status;
  });
}

TEST(Allocations, ASmallStateTakesNoLargeOne) {
  NullSink sink;
  largest = 0;
  WriterOptions options;
  options.embed_descriptor_set = false;
  EverythingWriter writer(&sink, options);
  ASSERT_THAT(writer.Begin(Everything()), IsOk());
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(writer.AddScalars(ScalarsRow()), IsOk());
  }
  ASSERT_THAT(writer.Finish(), IsOk());
  EXPECT_LT(sink.size_, 4096u);
  EXPECT_LE(largest, size_t{16} << 10);
}

}  // namespace
}  // namespace devstate::test::everything
