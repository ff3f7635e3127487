// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What happens to a stream on its way is found, and before a record of the
// damaged part reaches the application: for all damages of some kinds, on
// streams that are checked in.

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/serializer/small_state.h"

namespace devstate {
namespace {

using ::devices::fs::v1::FsStateReader;
using ::devstate::testing::HandmadeStream;
using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StateText;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::StatusCode kDataLoss = absl::StatusCode::kDataLoss;

std::string ReadFile(const std::string& name) {
  std::ifstream file("tests/golden/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Visits records until the stream ends or is refused.
struct Outcome {
  absl::Status status;
  // The records handed out before.
  std::string text;
};
Outcome Read(const std::string& bytes) {
  StringSource source(bytes);
  FsStateReader reader(&source);
  StateText visitor;
  Outcome outcome;
  outcome.status = reader.Read(visitor);
  outcome.text = visitor.text();
  return outcome;
}

// A stream taken apart: prefix and header, chunks, trailer.
struct Pieces {
  std::vector<std::string> pieces;
  // What a reader has handed out when the piece begins.
  std::vector<std::string> text_before;

  // Where the piece begins.
  size_t OffsetOf(size_t piece) const {
    size_t offset = 0;
    for (size_t i = 0; i < piece; ++i) offset += pieces[i].size();
    return offset;
  }
  std::string Join() const {
    std::string bytes;
    for (const std::string& piece : pieces) bytes += piece;
    return bytes;
  }
  size_t PieceAt(size_t offset) const {
    size_t piece = 0;
    while (offset >= pieces[piece].size()) offset -= pieces[piece++].size();
    return piece;
  }
};

Pieces TakeApart(const std::string& bytes) {
  Pieces result;
  const StreamPrefix prefix = DecodePrefix(bytes.data());
  size_t begin = 0;
  size_t end = kPrefixSize + prefix.header_size;
  while (true) {
    result.text_before.push_back(Read(bytes.substr(0, begin)).text);
    result.pieces.push_back(bytes.substr(begin, end - begin));
    begin = end;
    if (begin == bytes.size()) return result;
    end +=
        kChunkHeaderSize + DecodeChunkHeader(bytes.data() + begin).stored_size;
  }
}

class GoldenStream : public ::testing::TestWithParam<const char*> {
 protected:
  GoldenStream() : bytes_(ReadFile(GetParam())), pieces_(TakeApart(bytes_)) {}

  // `damaged` differs from the stream from the piece `piece` on.
  void ExpectRefused(const std::string& damaged, size_t piece,
                     ErrorReason reason, absl::StatusCode code) {
    const Outcome outcome = Read(damaged);
    ASSERT_EQ(ReasonOf(outcome.status), reason) << outcome.status;
    ASSERT_EQ(outcome.status.code(), code) << outcome.status;
    // Nothing but what the undamaged pieces before held.
    ASSERT_EQ(outcome.text, pieces_.text_before[piece]) << outcome.status;
  }

  const std::string bytes_;
  const Pieces pieces_;
};

INSTANTIATE_TEST_SUITE_P(All, GoldenStream,
                         ::testing::Values("fs_small.dstate", "fs_zstd.dstate"),
                         [](const auto& info) {
                           return std::string(info.param) == "fs_small.dstate"
                                      ? "Raw"
                                      : "Zstd";
                         });

TEST_P(GoldenStream, IsWrittenByteForByteAsEver) {
  StringSink sink;
  const bool raw = std::string(GetParam()) == "fs_small.dstate";
  ASSERT_THAT(raw ? testing::WriteSmallState(&sink)
                  : testing::WriteCompressedState(&sink),
              IsOk());
  EXPECT_TRUE(sink.written == bytes_)
      << "the format changed: see write_golden.cc";
}

TEST_P(GoldenStream, IsReadAsEver) {
  const Outcome outcome = Read(bytes_);
  ASSERT_THAT(outcome.status, IsOk());
  const char* const start =
      "root session { writeback_cache: true } next_inode: 9 "
      "next_handle: 3\n"
      "inode 1 12 16877 131079 root\n"
      "inode 2 3 16877 131086 path 1 etc\n"
      "inode 3 1 33188 131093 path 2 hosts\n"
      "inode 4 2 33188 131100 path 2 motd\n"
      "inode 5 3 33188 131107 path 2 passwd\n"
      "inode 6 1 16877 131114 path 1 srv\n"
      "inode 7 2 33188 131121 path 6 caf\xc3\xa9\n"
      "inode 8 1 0 0 lost handle 36 -1 010200ff\n";
  const char* const end =
      "open 1 3 32770\n"
      "open 2 8 32768\n"
      "mount 36 .\n";
  EXPECT_THAT(outcome.text, StartsWith(start));
  EXPECT_THAT(outcome.text, EndsWith(end));
}

TEST_P(GoldenStream, HasSeveralChunksOfItsCodec) {
  // Header, root, two batches of inodes, handles, mounts, trailer.
  ASSERT_EQ(pieces_.pieces.size(), 7u);
  EXPECT_EQ(pieces_.Join(), bytes_);
  EXPECT_EQ(DecodeChunkHeader(pieces_.pieces[2].data()).codec,
            std::string(GetParam()) == "fs_small.dstate" ? ChunkCodec::kRaw
                                                         : ChunkCodec::kZstd);
}

TEST_P(GoldenStream, EveryFlippedBitIsFound) {
  for (size_t bit = 0; bit < bytes_.size() * 8; ++bit) {
    const size_t offset = bit / 8;
    std::string damaged = bytes_;
    damaged[offset] = static_cast<char>(damaged[offset] ^ 1 << bit % 8);
    const bool magic = offset < kStreamMagic.size();
    ExpectRefused(damaged, pieces_.PieceAt(offset),
                  magic ? ERROR_REASON_NOT_A_STREAM : ERROR_REASON_CHECKSUM,
                  magic ? absl::StatusCode::kInvalidArgument : kDataLoss);
    if (HasFatalFailure()) FAIL() << "bit " << bit;
  }
}

TEST_P(GoldenStream, EveryTruncationIsAMissingTrailer) {
  for (size_t size = 0; size < bytes_.size(); ++size) {
    ExpectRefused(bytes_.substr(0, size), pieces_.PieceAt(size),
                  ERROR_REASON_NO_TRAILER, kDataLoss);
    if (HasFatalFailure()) FAIL() << size << " bytes";
  }
}

TEST_P(GoldenStream, EveryDuplicatedByteAndEveryMissingByteIsFound) {
  for (size_t offset = 0; offset < bytes_.size(); ++offset) {
    std::string duplicated = bytes_;
    duplicated.insert(offset, 1, bytes_[offset]);
    std::string missing = bytes_;
    missing.erase(offset, 1);
    for (const std::string& damaged : {duplicated, missing}) {
      const Outcome outcome = Read(damaged);
      ASSERT_NE(ReasonOf(outcome.status), ERROR_REASON_UNSPECIFIED) << offset;
      ASSERT_THAT(Read(bytes_).text, StartsWith(outcome.text)) << offset;
    }
  }
}

TEST_P(GoldenStream, EveryDuplicatedChunkIsFound) {
  for (size_t i = 1; i < pieces_.pieces.size(); ++i) {
    Pieces damaged = pieces_;
    damaged.pieces.insert(damaged.pieces.begin() + static_cast<long>(i),
                          pieces_.pieces[i]);
    const bool trailer = i + 1 == pieces_.pieces.size();
    if (trailer) {
      ExpectRefused(damaged.Join(), i, ERROR_REASON_TRAILING_BYTES, kDataLoss);
      continue;
    }
    ExpectRefused(damaged.Join(), i + 1, ERROR_REASON_CHECKSUM, kDataLoss);
  }
}

TEST_P(GoldenStream, EveryDroppedChunkIsFound) {
  for (size_t i = 1; i < pieces_.pieces.size(); ++i) {
    Pieces damaged = pieces_;
    damaged.pieces.erase(damaged.pieces.begin() + static_cast<long>(i));
    const bool trailer = i + 1 == pieces_.pieces.size();
    ExpectRefused(damaged.Join(), i,
                  trailer ? ERROR_REASON_NO_TRAILER : ERROR_REASON_CHECKSUM,
                  kDataLoss);
  }
}

TEST_P(GoldenStream, EverySwapOfTwoChunksIsFound) {
  for (size_t i = 1; i < pieces_.pieces.size(); ++i) {
    for (size_t j = i + 1; j < pieces_.pieces.size(); ++j) {
      Pieces damaged = pieces_;
      std::swap(damaged.pieces[i], damaged.pieces[j]);
      ExpectRefused(damaged.Join(), i, ERROR_REASON_CHECKSUM, kDataLoss);
    }
  }
}

TEST_P(GoldenStream, AChunkOfAnotherStreamIsFound) {
  // The same state, saved with one other character in the header.
  HandmadeStream other("\x0a\x01y");
  for (size_t i = 1; i + 1 < pieces_.pieces.size(); ++i) {
    const std::string& piece = pieces_.pieces[i];
    const ChunkHeader header = DecodeChunkHeader(piece.data());
    other.Add(header.type, header.field, header.records,
              piece.substr(kChunkHeaderSize), [&](ChunkHeader& h) {
                h.codec = header.codec;
                h.decoded_size = header.decoded_size;
              });
  }
  const Pieces others = TakeApart(other.Finish());
  for (size_t i = 0; i < pieces_.pieces.size(); ++i) {
    // One chunk of the other stream, and all from some chunk on.
    Pieces one = pieces_;
    one.pieces[i] = others.pieces[i];
    Pieces tail = pieces_;
    std::copy(others.pieces.begin() + static_cast<long>(i), others.pieces.end(),
              tail.pieces.begin() + static_cast<long>(i));
    // A whole other header is right by itself: then the next chunk is not.
    if (i != 0) {
      ExpectRefused(one.Join(), i, ERROR_REASON_CHECKSUM, kDataLoss);
      ExpectRefused(tail.Join(), i, ERROR_REASON_CHECKSUM, kDataLoss);
    } else {
      EXPECT_FALSE(Read(one.Join()).status.ok());
      EXPECT_EQ(Read(one.Join()).text, "");
    }
  }
}

TEST_P(GoldenStream, TrailingBytesAreFound) {
  for (const std::string& tail :
       {std::string(1, '\0'), std::string("x"), std::string(5000, '\0'),
        pieces_.pieces[1], bytes_}) {
    const Outcome outcome = Read(bytes_ + tail);
    EXPECT_EQ(ReasonOf(outcome.status), ERROR_REASON_TRAILING_BYTES)
        << outcome.status;
    EXPECT_THAT(outcome.status, StatusIs(kDataLoss));
  }
}

TEST_P(GoldenStream, AWriterKilledAtAnyChunkLeavesNoTrailer) {
  for (size_t i = 0; i < pieces_.pieces.size(); ++i) {
    const std::string rest = bytes_.substr(0, pieces_.OffsetOf(i));
    const Outcome outcome = Read(rest);
    EXPECT_THAT(outcome.status, StatusIs(kDataLoss, HasSubstr("no trailer")));
    EXPECT_EQ(ReasonOf(outcome.status), ERROR_REASON_NO_TRAILER);
  }
}

}  // namespace
}  // namespace devstate
