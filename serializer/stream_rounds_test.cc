// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The framing of a state that comes in rounds.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/stream_writer.h"
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
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Reads the whole stream. Returns the types of its chunks.
absl::StatusOr<std::vector<ChunkType>> Read(const std::string& stream,
                                            Rounds rounds = Rounds::kTake,
                                            const Limits& limits = {}) {
  StringSource source(stream);
  StreamReader reader(&source, limits, rounds);
  DS_RETURN_IF_ERROR(reader.ReadHeader().status());
  std::vector<ChunkType> types;
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    if (!chunk.has_value()) return types;
    types.push_back(chunk->header.type);
  }
}

HandmadeStream& Mark(HandmadeStream& stream, ChunkType type, uint32_t round) {
  return stream.Add(type, round, 0, "");
}

// Two rounds: two records of field 2, then one upsert and one deletion.
HandmadeStream TwoRounds() {
  HandmadeStream stream;
  Mark(stream, ChunkType::kFirstRound, 1).AddRoot("a").AddBatch(2, 2, "rr");
  Mark(stream, ChunkType::kRoundComplete, 1);
  Mark(stream, ChunkType::kDeltaRound, 2).AddRoot("b");
  stream.Add(ChunkType::kUpserts, 2, 1, "u");
  stream.Add(ChunkType::kDeletions, 2, 1, "d");
  Mark(stream, ChunkType::kFinal, 2);
  return stream;
}

void ExpectRefused(HandmadeStream& stream, ErrorReason reason,
                   const std::string& text) {
  const auto read = Read(stream.Finish());
  EXPECT_EQ(ReasonOf(read.status()), reason) << read.status();
  EXPECT_THAT(std::string(read.status().message()), HasSubstr(text));
}

TEST(StreamRoundsTest, ChunksComeAsTheyStand) {
  const auto read = Read(TwoRounds().Finish());
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(*read,
              ElementsAre(ChunkType::kFirstRound, ChunkType::kRoot,
                          ChunkType::kBatch, ChunkType::kRoundComplete,
                          ChunkType::kDeltaRound, ChunkType::kRoot,
                          ChunkType::kUpserts, ChunkType::kDeletions,
                          ChunkType::kFinal));
}

TEST(StreamRoundsTest, ATrailerThatReadersRefuseIsNotWritten) {
  WriterOptions options;
  options.compression = Compression::Raw();
  options.limits.max_chunk_stored_bytes = 100;
  StringSink sink;
  StreamWriter writer(&sink, options);
  ASSERT_THAT(writer.WriteHeader({}), IsOk());
  const auto write = [&writer](ChunkType type, uint32_t field) {
    writer.BeginChunk();
    return writer.EndChunk(type, field, 0);
  };
  constexpr uint32_t kRounds = 30;
  for (uint32_t round = 1; round <= kRounds; ++round) {
    ASSERT_THAT(write(round == 1 ? ChunkType::kFirstRound
                                 : ChunkType::kDeltaRound,
                      round),
                IsOk());
    ASSERT_THAT(write(ChunkType::kRoot, 0), IsOk());
    ASSERT_THAT(write(round == kRounds ? ChunkType::kFinal
                                       : ChunkType::kRoundComplete,
                      round),
                IsOk());
  }
  EXPECT_THAT(writer.Finish(), StatusIs(absl::StatusCode::kResourceExhausted,
                                        HasSubstr("fewer rounds")));
}

TEST(StreamRoundsTest, ReaderWithoutRoundsRefusesTheFirstChunk) {
  const auto read = Read(TwoRounds().Finish(), Rounds::kRefuse);
  EXPECT_EQ(ReasonOf(read.status()), ERROR_REASON_UNKNOWN_CONTENT);
  EXPECT_EQ(GetErrorDetail(read.status())->chunk, 0);
}

TEST(StreamRoundsTest, EveryCutHasNoTrailer) {
  HandmadeStream stream = TwoRounds();
  const std::string whole = stream.Finish();
  for (size_t size = kStreamMagic.size(); size < whole.size(); ++size) {
    EXPECT_EQ(ReasonOf(Read(whole.substr(0, size)).status()),
              ERROR_REASON_NO_TRAILER)
        << size;
  }
}

TEST(StreamRoundsTest, EveryFlippedBitIsRefused) {
  HandmadeStream stream = TwoRounds();
  const std::string whole = stream.Finish();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(Read(flipped).ok()) << bit;
  }
}

TEST(StreamRoundsTest, RoundsOutOfOrderAreRefused) {
  using Type = ChunkType;
  struct Wrong {
    std::vector<std::pair<Type, uint32_t>> chunks;
    std::string text;
  };
  const std::vector<std::pair<Type, uint32_t>> first = {{Type::kFirstRound, 1},
                                                        {Type::kRoot, 0}};
  const std::vector<std::pair<Type, uint32_t>> delta = {
      {Type::kFirstRound, 1}, {Type::kRoot, 0}, {Type::kRoundComplete, 1},
      {Type::kDeltaRound, 2}, {Type::kRoot, 0}};
  const auto after = [](auto chunks, Type type, uint32_t field) {
    chunks.emplace_back(type, field);
    return chunks;
  };
  const Wrong wrong[] = {
      {{{Type::kDeltaRound, 1}}, "root chunk must be the first"},
      {{{Type::kFirstRound, 2}}, "has number 2, expected 1"},
      {{{Type::kFirstRound, 1}, {Type::kBatch, 2}}, "where the root chunk"},
      {{{Type::kFirstRound, 1}, {Type::kRoundComplete, 1}}, "out of place"},
      {{{Type::kRoot, 0}, {Type::kUpserts, 2}}, "without rounds"},
      {{{Type::kRoot, 0}, {Type::kFinal, 1}}, "without rounds"},
      {after(first, Type::kRoot, 0), "in the first round"},
      {after(first, Type::kUpserts, 2), "in the first round"},
      {after(first, Type::kDeletions, 2), "in the first round"},
      {after(first, Type::kDeltaRound, 2), "out of place"},
      {after(first, Type::kFirstRound, 2), "out of place"},
      {after(first, Type::kRoundComplete, 2), "has number 2, expected 1"},
      {first, "trailer in the first round"},
      {after(delta, Type::kBatch, 2), "in a delta round"},
      {after(delta, Type::kFinal, 1), "has number 1, expected 2"},
      {delta, "trailer in a delta round"},
      {after(after(first, Type::kRoundComplete, 1), Type::kRoot, 0),
       "where the next round must start"},
      {after(after(first, Type::kRoundComplete, 1), Type::kDeltaRound, 3),
       "has number 3, expected 2"},
      {after(first, Type::kRoundComplete, 1), "where the next round"},
      {after(after(first, Type::kFinal, 1), Type::kDeltaRound, 2),
       "out of place"},
      {after(after(delta, Type::kUpserts, 3), Type::kDeletions, 2),
       "comes after one of field 3"},
  };
  for (const Wrong& each : wrong) {
    HandmadeStream stream;
    for (const auto& [type, field] : each.chunks) {
      stream.Add(type, field, HasRecords(type) ? 1 : 0, "");
    }
    ExpectRefused(stream, ERROR_REASON_MALFORMED, each.text);
  }
}

TEST(StreamRoundsTest, FieldsOfARoundBeginAnew) {
  HandmadeStream stream;
  Mark(stream, ChunkType::kFirstRound, 1).AddRoot().AddBatch(5, 1);
  Mark(stream, ChunkType::kRoundComplete, 1);
  Mark(stream, ChunkType::kDeltaRound, 2).AddRoot();
  stream.Add(ChunkType::kUpserts, 2, 1, "");
  Mark(stream, ChunkType::kFinal, 2);
  EXPECT_THAT(Read(stream.Finish()), IsOk());
}

TEST(StreamRoundsTest, AMarkIsEmptyAndNotIgnorable) {
  HandmadeStream payload;
  payload.Add(ChunkType::kFirstRound, 1, 0, "x");
  ExpectRefused(payload, ERROR_REASON_MALFORMED, "has a payload");
  HandmadeStream ignorable;
  ignorable.Add(ChunkType::kFirstRound, 1, 0, "", [](ChunkHeader& header) {
    header.flags = kChunkFlagIgnorable;
  });
  ExpectRefused(ignorable, ERROR_REASON_MALFORMED, "marked ignorable");
  HandmadeStream records;
  records.Add(ChunkType::kFirstRound, 1, 1, "");
  ExpectRefused(records, ERROR_REASON_MALFORMED, "has 1 records");
}

TEST(StreamRoundsTest, UnknownIgnorableChunksStandInARoundAlone) {
  constexpr auto kUnknown = static_cast<ChunkType>(77);
  const auto ignorable = [](ChunkHeader& header) {
    header.flags = kChunkFlagIgnorable;
  };
  HandmadeStream within;
  Mark(within, ChunkType::kFirstRound, 1).AddRoot();
  within.Add(kUnknown, 0, 0, "x", ignorable);
  Mark(within, ChunkType::kFinal, 1);
  EXPECT_THAT(Read(within.Finish()), IsOk());
  HandmadeStream after;
  Mark(after, ChunkType::kFirstRound, 1).AddRoot();
  Mark(after, ChunkType::kFinal, 1).Add(kUnknown, 0, 0, "x", ignorable);
  ExpectRefused(after, ERROR_REASON_MALFORMED, "after the final mark");
}

TEST(StreamRoundsTest, TrailerCountsEachRound) {
  HandmadeStream stream = TwoRounds();
  const StreamTrailer right = stream.Trailer();
  ASSERT_EQ(right.rounds.size(), 2);
  EXPECT_EQ(right.rounds[0].chunks, 4);
  EXPECT_EQ(right.rounds[0].written, 2);
  EXPECT_EQ(right.rounds[1].written, 1);
  EXPECT_EQ(right.rounds[1].deleted, 1);
  const auto refused = [](StreamTrailer trailer) {
    return ReasonOf(Read(TwoRounds().Finish(trailer)).status()) ==
           ERROR_REASON_CHECKSUM;
  };
  StreamTrailer wrong = right;
  wrong.rounds.pop_back();
  EXPECT_TRUE(refused(wrong));
  for (uint64_t RoundCounts::* count :
       {&RoundCounts::chunks, &RoundCounts::written, &RoundCounts::deleted}) {
    wrong = right;
    ++(wrong.rounds[1].*count);
    EXPECT_TRUE(refused(wrong));
  }
}

TEST(StreamRoundsTest, MaxRoundsIsALimit) {
  HandmadeStream stream = TwoRounds();
  const std::string bytes = stream.Finish();
  Limits limits;
  limits.max_rounds = 2;
  EXPECT_THAT(Read(bytes, Rounds::kTake, limits), IsOk());
  limits.max_rounds = 1;
  EXPECT_EQ(ReasonOf(Read(bytes, Rounds::kTake, limits).status()),
            ERROR_REASON_LIMIT);
}

// Writes an empty chunk.
absl::Status Write(StreamWriter& writer, ChunkType type, uint32_t field,
                   uint32_t records = 0) {
  writer.BeginChunk();
  return writer.EndChunk(type, field, records);
}

TEST(StreamRoundsTest, TheSinkHasARoundWhenItIsComplete) {
  for (const Compression& compression :
       {Compression::Raw(), Compression::Zstd(1)}) {
    StringSink sink;
    WriterOptions options;
    options.compression = compression;
    StreamWriter writer(&sink, options);
    ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
    ASSERT_THAT(Write(writer, ChunkType::kFirstRound, 1), IsOk());
    ASSERT_THAT(Write(writer, ChunkType::kRoot, 0), IsOk());
    // Enough for the second thread.
    for (int i = 0; i < 20; ++i) {
      writer.BeginChunk()->out().Append(
          ::devstate::testing::Noise(64 * 1024, 1 + i % 2));
      ASSERT_THAT(writer.EndChunk(ChunkType::kBatch, 2, 1), IsOk());
    }
    ASSERT_THAT(Write(writer, ChunkType::kRoundComplete, 1), IsOk());
    const size_t complete = sink.written.size();
    EXPECT_EQ(complete, writer.bytes_written());
    ASSERT_THAT(Write(writer, ChunkType::kDeltaRound, 2), IsOk());
    ASSERT_THAT(Write(writer, ChunkType::kRoot, 0), IsOk());
    ASSERT_THAT(Write(writer, ChunkType::kUpserts, 2, 1), IsOk());
    ASSERT_THAT(Write(writer, ChunkType::kFinal, 2), IsOk());
    ASSERT_THAT(writer.Finish(), IsOk());
    EXPECT_THAT(Read(sink.written), IsOk());
    StringSource source(sink.written.substr(0, complete));
    StreamReader reader(&source, Limits(), Rounds::kTake);
    ASSERT_THAT(reader.ReadHeader(), IsOk());
    for (int i = 0; i < 23; ++i) ASSERT_THAT(reader.NextChunk(), IsOk());
    EXPECT_EQ(ReasonOf(reader.NextChunk().status()), ERROR_REASON_NO_TRAILER);
  }
}

TEST(StreamRoundsTest, WriterKeepsTheOrderOfReaders) {
  StringSink sink;
  StreamWriter writer(&sink, WriterOptions());
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(Write(writer, ChunkType::kFirstRound, 1), IsOk());
  ASSERT_THAT(Write(writer, ChunkType::kRoot, 0), IsOk());
  EXPECT_THAT(writer.Finish(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("trailer in the first round")));
}

}  // namespace
}  // namespace devstate
