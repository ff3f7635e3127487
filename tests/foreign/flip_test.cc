// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Every single bit of a real virtiofsd state, flipped: raw, as virtiofsd sends
// it, and in a devstate stream. virtiofsd 1.13.2 itself takes 152 of the 736
// raw flips without a word.

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>

#include "devstate/foreign/states/virtiofsd/test_states.h"
#include "devstate/foreign/states/virtiofsd/virtiofsd.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StringSource;
using ::devstate::virtiofsd::testing::Export;
using ::devstate::virtiofsd::testing::Import;
using ::devstate::virtiofsd::testing::Opening;
using ::devstate::virtiofsd::testing::ReadFixture;

std::string Flipped(std::string bytes, size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  return bytes;
}

// As `devstate verify` reads it.
absl::Status VerifyStream(const std::string& bytes) {
  StringSource source(bytes);
  StreamReader reader(&source);
  absl::Status status = reader.ReadHeader().status();
  while (status.ok()) {
    const auto chunk = reader.NextChunk();
    status = chunk.status();
    if (chunk.ok() && !chunk->has_value()) break;
  }
  return status;
}

TEST(FlipTest, NoFlippedBitOfAStreamIsTaken) {
  const std::string stream = Import(ReadFixture("open-fp.state")).bytes;
  ASSERT_THAT(VerifyStream(stream), IsOk());
  for (size_t bit = 0; bit < stream.size() * 8; ++bit) {
    const std::string flipped = Flipped(stream, bit);
    ASSERT_FALSE(VerifyStream(flipped).ok()) << "bit " << bit;
    const auto exported = Export(flipped, "V2");
    ASSERT_FALSE(exported.report.ok()) << "bit " << bit;
    ASSERT_EQ(exported.bytes, "") << "bit " << bit;
  }
  std::printf("%zu flips of the stream: none taken\n", stream.size() * 8);
}

// Whether `byte` of open-fp.state is one of a file's name.
bool IsInName(const std::string& state, size_t byte) {
  for (const char* name : {"dir", "sub", "a.txt", "log.txt", "b.bin"}) {
    const size_t start = state.find(name);
    if (byte >= start && byte < start + std::strlen(name)) return true;
  }
  return byte == state.find(
                     "\x01"
                     "c",
                     60) +
                     1;
}

// virtiofsd also sees whether the files are there, which no check of the bytes
// can: so names are counted apart.
TEST(FlipTest, FlipsOfARawStateAreNoticedWhereTheBytesCanTell) {
  const std::string state = ReadFixture("open-fp.state");
  ASSERT_EQ(state.size() * 8, 736u);
  int total[2] = {0, 0};
  int noticed[2] = {0, 0};
  for (size_t bit = 0; bit < state.size() * 8; ++bit) {
    const bool in_name = IsInName(state, bit / 8);
    const auto report = virtiofsd::Format().check(Opening(Flipped(state, bit)));
    ++total[in_name];
    noticed[in_name] += !report.ok() || report->refused();
  }
  std::printf(
      "raw state: %d of 736 flips are noticed by its bytes alone, %d of %d "
      "outside of names, %d of %d in names; virtiofsd notices 584 with the "
      "files at hand\n",
      noticed[0] + noticed[1], noticed[0], total[0], noticed[1], total[1]);
  EXPECT_EQ(total[1], 24 * 8);
  EXPECT_EQ(noticed[0] + noticed[1], 447);
}

}  // namespace
}  // namespace devstate
