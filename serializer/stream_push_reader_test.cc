// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// However a stream is cut, and whatever is wrong with it, what comes out of it
// is what a StreamReader finds that is given all of it.

#include "devstate/serializer/stream_push_reader.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::HandmadeStream;
using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSource;
using ::testing::SizeIs;

// What a reader has found: the header, then each chunk.
using Events = std::vector<std::string>;

// Reads on, to the end of the source.
absl::Status ReadOn(StreamReader& reader, Events& events) {
  if (events.empty()) {
    DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
    events.push_back(Serialize(*header));
  }
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    if (!chunk.has_value()) return absl::OkStatus();
    events.push_back(absl::StrCat(
        static_cast<int>(chunk->header.type), " ", chunk->header.field, " ",
        chunk->header.records, " ", chunk->offset, " ", chunk->payload));
  }
}

struct Outcome {
  absl::Status status;
  Events events;

  bool operator==(const Outcome& other) const {
    return status == other.status && events == other.events;
  }
};
std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.status << " after " << outcome.events.size();
}

Outcome Read(const std::string& bytes) {
  StringSource source(bytes);
  StreamReader reader(&source, Limits(), Rounds::kTake);
  Outcome outcome;
  outcome.status = ReadOn(reader, outcome.events);
  return outcome;
}

// A push reader and what it has found.
class Pushed {
 public:
  explicit Pushed(const Limits& limits = Limits())
      : reader_(&source_, limits, Rounds::kTake),
        push_(&source_, [this] { return ReadOn(reader_, outcome_.events); }) {}

  absl::Status Push(absl::string_view piece) { return push_.Push(piece); }
  const Outcome& Finish() {
    outcome_.status = push_.Finish();
    return outcome_;
  }
  const Events& events() const { return outcome_.events; }

 private:
  PushSource source_;
  StreamReader reader_;
  Outcome outcome_;
  StreamPushReader push_;
};

// Pushes pieces that end where `ends` says, and the rest.
Outcome ReadPieces(absl::string_view bytes, const std::vector<size_t>& ends) {
  Pushed pushed;
  size_t begin = 0;
  for (const size_t end : ends) {
    pushed.Push(bytes.substr(begin, end - begin)).IgnoreError();
    begin = end;
  }
  pushed.Push(bytes.substr(begin)).IgnoreError();
  return pushed.Finish();
}

std::vector<size_t> EveryByte(size_t size) {
  std::vector<size_t> ends;
  for (size_t end = 1; end < size; ++end) ends.push_back(end);
  return ends;
}

std::string InRounds() {
  HandmadeStream stream("\x0a\x01x");
  return stream.Add(ChunkType::kFirstRound, 1, 0, "")
      .AddRoot("root")
      .AddBatch(4, 2, "ab")
      .Add(ChunkType::kRoundComplete, 1, 0, "")
      .Add(ChunkType::kDeltaRound, 2, 0, "")
      .AddRoot("next")
      .Add(ChunkType::kDeletions, 4, 1, "a")
      .Add(ChunkType::kUpserts, 4, 1, "c")
      .Add(ChunkType::kFinal, 2, 0, "")
      .Finish();
}

std::vector<std::string> Streams() {
  std::vector<std::string> streams = {InRounds()};
  for (const auto& file : std::filesystem::directory_iterator("tests/golden")) {
    if (file.path().extension() != ".dstate") continue;
    std::ifstream stream(file.path(), std::ios::binary);
    streams.emplace_back(std::istreambuf_iterator<char>(stream),
                         std::istreambuf_iterator<char>());
  }
  EXPECT_THAT(streams, SizeIs(::testing::Gt(20)));
  return streams;
}

TEST(StreamPushReaderTest, EverySplitReadsTheSame) {
  for (const std::string& bytes : Streams()) {
    const Outcome whole = Read(bytes);
    ASSERT_THAT(whole.status, IsOk());
    for (size_t split = 0; split <= bytes.size(); ++split) {
      ASSERT_EQ(ReadPieces(bytes, {split}), whole) << split;
    }
  }
}

TEST(StreamPushReaderTest, AByteAtATimeReadsTheSame) {
  for (const std::string& bytes : Streams()) {
    ASSERT_EQ(ReadPieces(bytes, EveryByte(bytes.size())), Read(bytes));
  }
}

TEST(StreamPushReaderTest, RandomPiecesReadTheSame) {
  std::mt19937 random(16);
  for (const std::string& bytes : Streams()) {
    for (int i = 0; i < 50; ++i) {
      std::vector<size_t> ends;
      for (size_t end = 0; end < bytes.size(); end += random() % 200) {
        ends.push_back(end);
      }
      ASSERT_EQ(ReadPieces(bytes, ends), Read(bytes));
    }
  }
}

TEST(StreamPushReaderTest, EveryTruncationIsTheSameError) {
  for (const std::string& bytes : Streams()) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::string cut = bytes.substr(0, size);
      const Outcome whole = Read(cut);
      ASSERT_THAT(whole.status, StatusIs(absl::StatusCode::kDataLoss));
      ASSERT_EQ(ReadPieces(cut, {size / 2}), whole) << size;
    }
  }
}

TEST(StreamPushReaderTest, EveryTurnedBitIsTheSameError) {
  for (const std::string& bytes : Streams()) {
    // The largest take minutes.
    const size_t step = bytes.size() > 2500 ? 7 : 1;
    for (size_t bit = 0; bit < bytes.size() * 8; bit += step) {
      std::string turned = bytes;
      turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ 1 << bit % 8);
      const Outcome whole = Read(turned);
      ASSERT_NE(ReasonOf(whole.status), ERROR_REASON_UNSPECIFIED);
      ASSERT_EQ(ReadPieces(turned, {bit / 16}), whole) << bit;
    }
  }
}

TEST(StreamPushReaderTest, BytesAfterTheTrailerAreTheSameErrorAtOnce) {
  const std::string bytes = InRounds();
  Pushed pushed;
  EXPECT_THAT(pushed.Push(bytes), IsOk());
  const absl::Status status = pushed.Push("x");
  EXPECT_EQ(ReasonOf(status), ERROR_REASON_TRAILING_BYTES) << status;
  EXPECT_EQ(pushed.Finish(), Read(bytes + "x"));
}

TEST(StreamPushReaderTest, AChunkComesWithItsLastByte) {
  HandmadeStream stream;
  stream.AddRoot("root").AddBatch(4, 2, "ab");
  const size_t batch = stream.offsets()[1];
  const std::string bytes = stream.Finish();
  Pushed pushed;
  ASSERT_THAT(pushed.Push(absl::string_view(bytes).substr(0, batch - 1)),
              IsOk());
  EXPECT_THAT(pushed.events(), SizeIs(1));
  ASSERT_THAT(pushed.Push(absl::string_view(bytes).substr(batch - 1, 1)),
              IsOk());
  EXPECT_THAT(pushed.events(), SizeIs(2));
}

TEST(StreamPushReaderTest, AnErrorComesWithTheByteThatIsWrongAndStays) {
  HandmadeStream stream;
  stream.AddRoot("root");
  stream.Add(ChunkType::kBatch, 4, 2, "ab",
             [](ChunkHeader& header) { header.stored_size = 2 * 1024 * 1024; });
  Pushed pushed;
  // The chunk header alone is wrong, whatever comes behind it.
  const absl::Status status = pushed.Push(
      stream.bytes().substr(0, stream.offsets()[1] + kChunkHeaderSize));
  EXPECT_EQ(ReasonOf(status), ERROR_REASON_MALFORMED) << status;
  EXPECT_EQ(pushed.Push("more"), status);
  EXPECT_EQ(pushed.Finish().status, status);
}

TEST(StreamPushReaderTest, NothingMayFollowTheEnd) {
  Pushed pushed;
  ASSERT_THAT(pushed.Push(InRounds()), IsOk());
  ASSERT_THAT(pushed.Finish().status, IsOk());
  ASSERT_THAT(pushed.Finish().status, IsOk());
  EXPECT_THAT(pushed.Push("x"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(StreamPushReaderTest, AnEmptyPieceIsNoEnd) {
  Pushed pushed;
  ASSERT_THAT(pushed.Push(""), IsOk());
  ASSERT_THAT(pushed.Push(InRounds()), IsOk());
  ASSERT_THAT(pushed.Push(""), IsOk());
  EXPECT_THAT(pushed.Finish().status, IsOk());
}

TEST(StreamPushReaderTest, AReaderThatEndsBeforeItsSourceIsAnError) {
  PushSource source;
  StreamPushReader push(&source, [] { return absl::OkStatus(); });
  EXPECT_THAT(push.Push("x"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace devstate
