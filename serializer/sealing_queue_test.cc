// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The second thread of a writer, through the writer.

#include "devstate/serializer/internal/sealing_queue.h"

#include <dlfcn.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "devstate/serializer/stream_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "zstd.h"

namespace {

// The call of ZSTD_compress2() that fails, counted down; none if negative.
std::atomic<int> failing_compression{-1};

// Set: the call on any other thread waits until this one has compressed.
std::atomic<std::thread::id> first_to_compress{std::thread::id()};
std::promise<void>* first_has_compressed = nullptr;

}  // namespace

// Takes the place of the library's.
extern "C" size_t ZSTD_compress2(ZSTD_CCtx* context, void* to, size_t capacity,
                                 const void* from, size_t size) {
  static const auto real = reinterpret_cast<decltype(&ZSTD_compress2)>(
      ::dlsym(RTLD_NEXT, "ZSTD_compress2"));
  if (failing_compression >= 0 && failing_compression-- == 0) {
    return static_cast<size_t>(-1);  // ZSTD_error_GENERIC
  }
  const std::thread::id first = first_to_compress;
  if (first == std::this_thread::get_id()) {
    first_to_compress = std::thread::id();
    first_has_compressed->set_value();
  } else if (first != std::thread::id()) {
    first_has_compressed->get_future().wait();
  }
  return real(context, to, capacity, from, size);
}

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::Noise;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::testing::HasSubstr;

constexpr absl::StatusCode kGone = absl::StatusCode::kUnavailable;

WriterOptions Options(bool use_second_thread,
                      Compression compression = Compression::Zstd(1)) {
  WriterOptions options;
  options.compression = compression;
  options.use_second_thread = use_second_thread;
  return options;
}

// Text like that of names, different for each `seed`.
std::string Text(size_t size, uint32_t seed) {
  std::string text = Noise(size, seed);
  for (char& c : text) c = static_cast<char>('a' + (c & 7));
  return text;
}

// Payloads of all kinds, 1.2 MB.
std::vector<std::string> LargeState() {
  std::vector<std::string> payloads = {"root"};
  for (uint32_t i = 0; i < 30; ++i) {
    payloads.push_back(i % 7 == 3   ? Noise(50000, i)
                       : i % 7 == 5 ? std::string(20000 + i, '\0')
                       : i % 7 == 6 ? Text(100, i)
                                    : Text(60000 + i, i));
  }
  return payloads;
}

absl::Status WriteChunk(StreamWriter& writer, const std::string& payload) {
  const bool root = writer.chunks() == 0;
  writer.BeginChunk()->out().Append(payload);
  return writer.EndChunk(root ? ChunkType::kRoot : ChunkType::kBatch,
                         root ? 0 : 1, root ? 0 : 1);
}

// `after_chunk` is called after each.
absl::Status WriteState(
    StreamWriter& writer, const std::vector<std::string>& payloads,
    const std::function<void()>& after_chunk = [] {}) {
  absl::Status status = writer.WriteHeader(StreamHeader());
  for (size_t i = 0; i < payloads.size() && status.ok(); ++i) {
    status = WriteChunk(writer, payloads[i]);
    after_chunk();
  }
  return status.ok() ? writer.Finish() : status;
}

std::string WrittenByOneThread(const std::vector<std::string>& payloads,
                               Compression compression) {
  StringSink sink;
  StreamWriter writer(&sink, Options(false, compression));
  EXPECT_THAT(WriteState(writer, payloads), IsOk());
  return sink.written;
}

int SecondThreads() {
  int count = 0;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name == "devstate-zstd") ++count;
  }
  return count;
}

// A thread that was joined may still be seen for a moment.
bool AllThreadsAreGone() {
  for (int i = 0; i < 1000000; ++i) {
    if (SecondThreads() == 0) return true;
    std::this_thread::yield();
  }
  return false;
}

// The most second threads at the end of any chunk.
int MostThreads(const std::vector<std::string>& payloads,
                const WriterOptions& options) {
  EXPECT_TRUE(AllThreadsAreGone());
  StringSink sink;
  StreamWriter writer(&sink, options);
  int most = 0;
  EXPECT_THAT(WriteState(writer, payloads,
                         [&most] { most = std::max(most, SecondThreads()); }),
              IsOk());
  EXPECT_TRUE(AllThreadsAreGone());
  return most;
}

TEST(SealingQueue, TheBytesAreThoseOfOneThread) {
  const std::vector<std::string> payloads = LargeState();
  for (const Compression& compression :
       {Compression::Zstd(1), Compression::Zstd(3), Compression::Automatic()}) {
    const std::string expected = WrittenByOneThread(payloads, compression);
    for (int round = 0; round < 3; ++round) {
      StringSink sink;
      StreamWriter writer(&sink, Options(true, compression));
      ASSERT_THAT(WriteState(writer, payloads), IsOk());
      EXPECT_EQ(sink.written, expected);
      EXPECT_EQ(writer.bytes_written(), expected.size());
    }
  }
}

// Batches of records that are all defaults.
TEST(SealingQueue, EmptyPayloadsAtTheEndArePartOfTheStream) {
  std::vector<std::string> payloads = LargeState();
  payloads.resize(payloads.size() + 2000);
  const std::string expected =
      WrittenByOneThread(payloads, Compression::Zstd(1));
  for (int round = 0; round < 5; ++round) {
    StringSink sink;
    StreamWriter writer(&sink, Options(true));
    ASSERT_THAT(WriteState(writer, payloads), IsOk());
    EXPECT_EQ(sink.written, expected);
  }
}

TEST(SealingQueue, TheCallerHelpsAThreadThatFallsBehind) {
  const std::vector<std::string> payloads = LargeState();
  const std::string expected =
      WrittenByOneThread(payloads, Compression::Zstd(1));
  StringSink sink;
  StreamWriter writer(&sink, Options(true));
  std::promise<void> helped;
  ASSERT_THAT(WriteState(writer, payloads,
                         [&helped] {
                           if (first_has_compressed != nullptr ||
                               SecondThreads() == 0) {
                             return;
                           }
                           // From here on the thread gets no further than the
                           // chunk that it has.
                           first_has_compressed = &helped;
                           first_to_compress = std::this_thread::get_id();
                         }),
              IsOk());
  EXPECT_EQ(first_to_compress.load(), std::thread::id());
  EXPECT_EQ(sink.written, expected);
  first_has_compressed = nullptr;
}

TEST(SealingQueue, StartsWithALargeStateAndEndsWithIt) {
  EXPECT_EQ(MostThreads(LargeState(), Options(true)), 1);
  EXPECT_EQ(MostThreads(LargeState(), Options(true, Compression::Automatic())),
            1);
}

TEST(SealingQueue, IsNotStartedWithoutNeed) {
  EXPECT_EQ(MostThreads({"root", Text(4000, 1)}, Options(true)), 0);
  EXPECT_EQ(
      MostThreads({"root", Text(200000, 1), Text(60000, 2)}, Options(true)), 0);
  EXPECT_EQ(MostThreads(LargeState(), Options(true, Compression::Raw())), 0);
  EXPECT_EQ(MostThreads(LargeState(), Options(false)), 0);
  EXPECT_EQ(
      MostThreads(std::vector<std::string>(100, Text(10000, 1)), Options(true)),
      0);
}

TEST(SealingQueue, IsDoneWithoutWhereThereIsNone) {
  pthread_attr_t attributes;
  ASSERT_EQ(::pthread_getattr_default_np(&attributes), 0);
  size_t stack_size = 0;
  ASSERT_EQ(::pthread_attr_getstacksize(&attributes, &stack_size), 0);
  // More than there are free addresses, on a processor with 32 bits, too.
  constexpr size_t kTooMuch = std::numeric_limits<size_t>::max() / 64 * 63;
  ASSERT_EQ(::pthread_attr_setstacksize(&attributes, kTooMuch), 0);
  ASSERT_EQ(::pthread_setattr_default_np(&attributes), 0);
  const std::vector<std::string> payloads = LargeState();
  StringSink sink;
  StreamWriter writer(&sink, Options(true));
  int threads = 0;
  EXPECT_THAT(
      WriteState(writer, payloads, [&threads] { threads += SecondThreads(); }),
      IsOk());
  EXPECT_EQ(threads, 0);
  EXPECT_EQ(sink.written, WrittenByOneThread(payloads, Compression::Zstd(1)));
  ASSERT_EQ(::pthread_attr_setstacksize(&attributes, stack_size), 0);
  ASSERT_EQ(::pthread_setattr_default_np(&attributes), 0);
}

// Fails at one Write(), and only at that.
class FailingSink : public StringSink {
 public:
  explicit FailingSink(int failing_write) : failing_write_(failing_write) {}
  absl::Status Write(absl::string_view bytes) override {
    threads.insert(std::this_thread::get_id());
    error = writes == failing_write_
                ? absl::UnavailableError("the peer is gone")
                : absl::OkStatus();
    return StringSink::Write(bytes);
  }
  std::set<std::thread::id> threads;

 private:
  const int failing_write_;
};

TEST(SealingQueue, OnlyTheCallersThreadCallsTheSink) {
  FailingSink sink(-1);
  StreamWriter writer(&sink, Options(true));
  ASSERT_THAT(WriteState(writer, LargeState()), IsOk());
  EXPECT_EQ(sink.threads,
            std::set<std::thread::id>({std::this_thread::get_id()}));
}

TEST(SealingQueue, ErrorsOfTheSinkStayWhereverTheyCome) {
  const std::vector<std::string> payloads = LargeState();
  const std::string whole = WrittenByOneThread(payloads, Compression::Zstd(1));
  int failing_write = 0;
  while (true) {
    FailingSink sink(failing_write);
    StreamWriter writer(&sink, Options(true));
    const absl::Status status = WriteState(writer, payloads);
    if (status.ok()) break;
    EXPECT_THAT(status, StatusIs(kGone, "the peer is gone"));
    EXPECT_EQ(WriteChunk(writer, "x"), status);
    EXPECT_EQ(writer.Finish(), status);
    EXPECT_EQ(sink.writes, failing_write + 1);
    EXPECT_EQ(sink.written, whole.substr(0, sink.written.size()));
    ++failing_write;
  }
  // Two before the start of the thread, and one at least after it.
  EXPECT_GT(failing_write, 2);
  EXPECT_TRUE(AllThreadsAreGone());
}

TEST(SealingQueue, ErrorsOfCompressionReachTheCaller) {
  const std::vector<std::string> payloads = LargeState();
  const std::string whole = WrittenByOneThread(payloads, Compression::Zstd(1));
  // Each payload is compressed once.
  for (size_t chunk = 0; chunk < payloads.size(); ++chunk) {
    failing_compression = static_cast<int>(chunk);
    StringSink sink;
    StreamWriter writer(&sink, Options(true));
    const absl::Status status = WriteState(writer, payloads);
    failing_compression = -1;
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal,
                                 HasSubstr("zstd cannot compress")));
    EXPECT_EQ(WriteChunk(writer, "x"), status);
    EXPECT_EQ(writer.Finish(), status);
    EXPECT_LT(sink.written.size(), whole.size());
    EXPECT_EQ(sink.written, whole.substr(0, sink.written.size()));
  }
}

TEST(SealingQueue, EndsWithAWriterThatIsGivenUp) {
  const std::vector<std::string> payloads = LargeState();
  const std::string whole = WrittenByOneThread(payloads, Compression::Zstd(1));
  for (size_t chunks = 0; chunks <= payloads.size(); ++chunks) {
    StringSink sink;
    {
      StreamWriter writer(&sink, Options(true));
      ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
      for (size_t i = 0; i < chunks; ++i) {
        ASSERT_THAT(WriteChunk(writer, payloads[i]), IsOk());
      }
    }
    EXPECT_TRUE(AllThreadsAreGone());
    EXPECT_LT(sink.written.size(), whole.size());
    EXPECT_EQ(sink.written, whole.substr(0, sink.written.size()));
  }
}

}  // namespace
}  // namespace devstate
