// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/stream_pull_writer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "devstate/serializer/stream_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::Noise;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using Step = StreamPullWriter::Step;

constexpr int kBatches = 40;
constexpr size_t kBatchSize = 5000;

// A state that is written batch by batch.
class Save {
 public:
  explicit Save(ByteSink* sink) : writer_(sink, Raw()) {}

  absl::StatusOr<Step> Write() {
    const int step = steps_++;
    if (step == 0) {
      DS_RETURN_IF_ERROR(writer_.WriteHeader(StreamHeader()));
      return Chunk(ChunkType::kRoot, 0, 0, "root");
    }
    if (step <= kBatches) {
      return Chunk(ChunkType::kBatch, 4, 1, Noise(kBatchSize, step));
    }
    DS_RETURN_IF_ERROR(writer_.Finish());
    return Step::kEnd;
  }

  int steps() const { return steps_; }

 private:
  static WriterOptions Raw() {
    WriterOptions options;
    options.compression = Compression::Raw();
    return options;
  }

  absl::StatusOr<Step> Chunk(ChunkType type, uint32_t field, uint32_t records,
                             const std::string& payload) {
    writer_.BeginChunk()->out().Append(payload);
    DS_RETURN_IF_ERROR(writer_.EndChunk(type, field, records));
    return Step::kMore;
  }

  StreamWriter writer_;
  int steps_ = 0;
};

// Pulls up to `size` bytes.
std::string Pull(StreamPullWriter& pull, size_t size) {
  std::string piece(size, '\0');
  const absl::StatusOr<size_t> got = pull.Pull(&piece[0], size);
  EXPECT_THAT(got, IsOk());
  piece.resize(got.value_or(0));
  return piece;
}

std::string Whole() {
  StringSink sink;
  Save save(&sink);
  while (true) {
    const absl::StatusOr<Step> step = save.Write();
    EXPECT_THAT(step, IsOk());
    if (!step.ok() || *step == Step::kEnd) return sink.written;
  }
}

TEST(StreamPullWriterTest, EveryPullButTheLastHasTheSizeThatWasAsked) {
  const std::string whole = Whole();
  for (const size_t size :
       {size_t{1}, size_t{7}, size_t{4096}, size_t{65536}, size_t{99999},
        whole.size() - 1, whole.size(), whole.size() + 1}) {
    PullSink sink;
    Save save(&sink);
    StreamPullWriter pull(&sink, [&save] { return save.Write(); });
    std::string pulled;
    while (pulled.size() < whole.size()) {
      const std::string piece = Pull(pull, size);
      ASSERT_EQ(piece.size(), std::min(size, whole.size() - pulled.size()));
      pulled += piece;
    }
    EXPECT_TRUE(pulled == whole) << size;
    EXPECT_EQ(Pull(pull, 1), "");
    EXPECT_TRUE(pull.at_end());
  }
}

TEST(StreamPullWriterTest, NoMoreIsWrittenThanIsAskedFor) {
  PullSink sink;
  Save save(&sink);
  StreamPullWriter pull(&sink, [&save] { return save.Write(); });
  ASSERT_EQ(Pull(pull, 1000).size(), 1000u);
  EXPECT_LT(save.steps(), kBatches);
  const int steps = save.steps();
  ASSERT_EQ(Pull(pull, 1000).size(), 1000u);
  EXPECT_EQ(save.steps(), steps);
  EXPECT_FALSE(pull.at_end());
}

TEST(StreamPullWriterTest, WhereThereIsNothingNowAPullIsShortAndGoesOn) {
  PullSink sink;
  int round = 0;
  StreamPullWriter pull(&sink, [&]() -> absl::StatusOr<Step> {
    if (round == 0) return Step::kNothingNow;
    DS_RETURN_IF_ERROR(sink.Write("round"));
    return std::exchange(round, 0) == 1 ? Step::kNothingNow : Step::kEnd;
  });
  EXPECT_EQ(Pull(pull, 8), "");
  round = 1;
  EXPECT_EQ(Pull(pull, 8), "round");
  EXPECT_FALSE(pull.at_end());
  round = 2;
  EXPECT_EQ(Pull(pull, 3), "rou");
  EXPECT_FALSE(pull.at_end());
  EXPECT_EQ(Pull(pull, 3), "nd");
  EXPECT_TRUE(pull.at_end());
}

TEST(StreamPullWriterTest, AnErrorOfAStepStays) {
  PullSink sink;
  int steps = 0;
  StreamPullWriter pull(&sink, [&]() -> absl::StatusOr<Step> {
    ++steps;
    DS_RETURN_IF_ERROR(sink.Write("a"));
    return absl::AbortedError("no");
  });
  char piece[8];
  EXPECT_THAT(pull.Pull(piece, 8), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(pull.Pull(piece, 1), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(steps, 1);
}

}  // namespace
}  // namespace devstate
