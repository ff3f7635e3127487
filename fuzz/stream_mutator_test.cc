// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/stream_mutator.h"

#include <string>
#include <utility>

#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "fuzz/stream_parts.h"
#include "gtest/gtest.h"

namespace devstate::fuzz {
namespace {

using ::devstate::testing::HandmadeStream;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StringSource;

std::string SomeStream() {
  HandmadeStream stream;
  stream.AddRoot("\x08\x07");
  stream.AddBatch(4, 3, "\x0a\x04\x08\x01\x10\x02");
  stream.AddBatch(5, 1, "\x0a\x02\x08\x01");
  return stream.Finish();
}

absl::Status Read(const std::string& bytes) {
  StringSource source(bytes);
  StreamReader reader(&source, Limits(), Rounds::kTake);
  absl::Status status = reader.ReadHeader().status();
  while (status.ok()) {
    const auto chunk = reader.NextChunk();
    status = chunk.status();
    if (chunk.ok() && !chunk->has_value()) break;
  }
  return status;
}

TEST(StreamPartsTest, WhatIsTakenApartAndSealedIsTheSame) {
  EXPECT_EQ(Seal(TakeApart(SomeStream())), SomeStream());
}

// The same records in rounds.
std::string SomeRounds() {
  HandmadeStream stream;
  stream.Add(ChunkType::kFirstRound, 1, 0, "").AddRoot("\x08\x07");
  stream.AddBatch(4, 3, "\x0a\x04\x08\x01\x10\x02");
  stream.Add(ChunkType::kRoundComplete, 1, 0, "");
  stream.Add(ChunkType::kDeltaRound, 2, 0, "").AddRoot();
  stream.Add(ChunkType::kUpserts, 4, 2, "\x0a\x02\x08\x01");
  stream.Add(ChunkType::kDeletions, 4, 1, "\x0a\x02\x08\x01");
  stream.Add(ChunkType::kFinal, 2, 0, "");
  return stream.Finish();
}

TEST(StreamPartsTest, RoundsAreCounted) {
  EXPECT_EQ(Seal(TakeApart(SomeRounds())), SomeRounds());
  StreamParts parts = TakeApart(SomeRounds());
  parts.chunks.erase(parts.chunks.begin() + 6);
  EXPECT_TRUE(Read(Seal(parts)).ok()) << Read(Seal(parts));
}

TEST(StreamPartsTest, ATrailerThatIsKeptGetsTheDigestAlone) {
  for (const std::string& stream : {SomeStream(), SomeRounds()}) {
    StreamParts parts = TakeApart(stream);
    parts.count = false;
    EXPECT_EQ(Seal(parts), stream);
    parts.header = "other";
    EXPECT_TRUE(Read(Seal(parts)).ok() ||
                ReasonOf(Read(Seal(parts))) == ERROR_REASON_MALFORMED)
        << Read(Seal(parts));
  }
}

TEST(StreamPartsTest, SealMakesRightWhatFollowsFromAChange) {
  StreamParts parts = TakeApart(SomeStream());
  parts.chunks[1].payload += "\x10\x01";
  parts.chunks[1].header.codec = ChunkCodec::kZstd;
  parts.chunks.erase(parts.chunks.begin() + 2);
  EXPECT_TRUE(Read(Seal(parts)).ok()) << Read(Seal(parts));
}

TEST(StreamPartsTest, AnyBytesCanBeTakenApart) {
  for (size_t size = 0; size < SomeStream().size(); ++size) {
    const std::string cut = SomeStream().substr(0, size);
    EXPECT_EQ(TakeApart(cut).rest == cut, size < kPrefixSize || cut.empty())
        << size;
  }
}

TEST(StreamMutatorTest, MostMutationsPassTheChecksums) {
  const std::string stream = SomeStream();
  const ByteMutator mutate = [](std::string bytes) {
    return std::move(bytes) + "x";
  };
  int changed = 0;
  int passed = 0;
  int wrong_checksums = 0;
  for (int seed = 0; seed < 1000; ++seed) {
    Random random(static_cast<uint64_t>(seed));
    const std::string mutated = MutateStream(stream, random, mutate);
    if (mutated == stream) continue;
    ++changed;
    const absl::Status status = Read(mutated);
    passed += static_cast<int>(status.ok());
    wrong_checksums +=
        static_cast<int>(ReasonOf(status) == ERROR_REASON_CHECKSUM);
  }
  EXPECT_GT(changed, 700);
  EXPECT_GT(passed, changed / 2);
  // Sizes and sequence numbers that are wrong on purpose.
  EXPECT_LT(wrong_checksums, changed / 10);
}

}  // namespace
}  // namespace devstate::fuzz
