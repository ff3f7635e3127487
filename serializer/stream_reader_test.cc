// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/stream_reader.h"

#include <functional>
#include <string>
#include <vector>

#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/third_party/zstd/zstd_frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::HandmadeStream;
using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSource;
using ::testing::HasSubstr;

constexpr ErrorReason kFine = ERROR_REASON_UNSPECIFIED;

// Reads to the end or to the first error; the payloads so far go to `payloads`.
absl::Status ReadAll(ByteSource& source, const Limits& limits = Limits(),
                     std::vector<std::string>* payloads = nullptr) {
  StreamReader reader(&source, limits);
  absl::Status status = reader.ReadHeader().status();
  while (status.ok()) {
    absl::StatusOr<absl::optional<Chunk>> chunk = reader.NextChunk();
    status = chunk.status();
    if (!status.ok() || !chunk->has_value()) break;
    if (payloads != nullptr) {
      payloads->push_back(std::string((*chunk)->payload));
    }
  }
  // An error stays, and so does the end.
  EXPECT_EQ(reader.NextChunk().status(), status);
  return status;
}
absl::Status ReadAll(const std::string& bytes, const Limits& limits = Limits(),
                     std::vector<std::string>* payloads = nullptr) {
  StringSource source(bytes);
  return ReadAll(source, limits, payloads);
}

void ExpectRefused(const std::string& bytes, ErrorReason reason,
                   const std::string& text, const Limits& limits = Limits()) {
  const absl::Status status = ReadAll(bytes, limits);
  EXPECT_EQ(ReasonOf(status), reason) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

HandmadeStream SmallStream() {
  HandmadeStream stream("\x0a\x01x");
  stream.AddRoot("root")
      .AddBatch(4, 2, "ab")
      .AddBatch(4, 1)
      .AddBatch(9, 3, "cde");
  return stream;
}

std::string Zstd(const std::string& text) {
  std::string frame(Compressor::Bound(text.size()), '\0');
  frame.resize(*Compressor().Compress(text, 1, &frame[0], frame.size()));
  return frame;
}

TEST(StreamReader, ReadsWhatTheFormatSays) {
  StringSource source(SmallStream().Finish());
  StreamReader reader(&source);
  absl::StatusOr<const StreamHeader*> header = reader.ReadHeader();
  ASSERT_THAT(header, IsOk());
  EXPECT_EQ((*header)->device, "x");
  std::vector<std::string> payloads;
  std::vector<uint32_t> fields;
  while (true) {
    absl::StatusOr<absl::optional<Chunk>> chunk = reader.NextChunk();
    ASSERT_THAT(chunk, IsOk());
    if (!chunk->has_value()) break;
    payloads.push_back(std::string((*chunk)->payload));
    fields.push_back((*chunk)->header.field);
  }
  EXPECT_EQ(payloads, std::vector<std::string>({"root", "ab", "", "cde"}));
  EXPECT_EQ(fields, std::vector<uint32_t>({0, 4, 4, 9}));
  EXPECT_EQ(reader.chunks(), 4u);
  EXPECT_EQ(reader.records(), 6u);
  EXPECT_EQ(reader.decoded_bytes(), 9u);
  EXPECT_EQ(reader.offset(), SmallStream().Finish().size());
}

TEST(StreamReader, ReadsSourcesThatHandOutAByteAtATime) {
  StringSource source(SmallStream().Finish(), 1);
  EXPECT_THAT(ReadAll(source), IsOk());
}

// Whatever is wrong with a stream: where its bytes are read in place, the
// answer is that of a reader that copies them.
TEST(StreamReader, BytesThatAreBorrowedAreReadAsCopiedOnes) {
  HandmadeStream stream = SmallStream();
  const std::string zstd = Zstd(std::string(5000, 'z'));
  stream.Add(ChunkType::kBatch, 9, 1, zstd, [](ChunkHeader& header) {
    header.codec = ChunkCodec::kZstd;
    header.decoded_size = 5000;
  });
  const std::string whole = stream.Finish();
  const auto expect_same = [](const std::string& bytes) {
    std::vector<std::string> copied;
    std::vector<std::string> borrowed;
    MemorySource source(bytes);
    const absl::Status status = ReadAll(bytes, Limits(), &copied);
    EXPECT_EQ(ReadAll(source, Limits(), &borrowed), status);
    EXPECT_EQ(borrowed, copied);
  };
  for (size_t size = 0; size <= whole.size(); ++size) {
    SCOPED_TRACE(size);
    expect_same(whole.substr(0, size));
    if (size == whole.size()) continue;
    std::string flipped = whole;
    flipped[size] = static_cast<char>(flipped[size] ^ 1);
    expect_same(flipped);
  }
  expect_same(whole + "x");
}

TEST(StreamReader, AnEmptyHeaderIsAHeader) {
  EXPECT_THAT(ReadAll(HandmadeStream().AddRoot().Finish()), IsOk());
}

TEST(StreamReader, UnknownFieldsOfHeaderAndTrailerAreSkipped) {
  HandmadeStream stream("\xf8\x07\x01");
  stream.AddRoot();
  const std::string trailer = Serialize(stream.Trailer()) + "\xc0\x3e\x01";
  EXPECT_THAT(ReadAll(stream.Add(ChunkType::kTrailer, 0, 0, trailer).bytes()),
              IsOk());
}

TEST(StreamReader, DecompressesChunks) {
  const std::string text(5000, 'x');
  HandmadeStream stream;
  stream.Add(ChunkType::kRoot, 0, 0, Zstd(text), [&](ChunkHeader& header) {
    header.codec = ChunkCodec::kZstd;
    header.decoded_size = 5000;
  });
  std::vector<std::string> payloads;
  ASSERT_THAT(ReadAll(stream.Finish(), Limits(), &payloads), IsOk());
  EXPECT_EQ(payloads, std::vector<std::string>({text}));
}

TEST(StreamReader, NoBytesAreAStreamWithoutTrailer) {
  ExpectRefused("", ERROR_REASON_NO_TRAILER, "no trailer: the stream is empty");
}

TEST(StreamReader, EveryTruncationIsAMissingTrailer) {
  const std::string bytes = SmallStream().Finish();
  for (size_t size = 0; size < bytes.size(); ++size) {
    ExpectRefused(bytes.substr(0, size), ERROR_REASON_NO_TRAILER, "no trailer");
  }
}

TEST(StreamReader, SomethingElseIsNotAStreamHoweverShort) {
  ExpectRefused("hello", ERROR_REASON_NOT_A_STREAM, "it starts with \"hello\"");
  ExpectRefused(std::string(1000, 'x'), ERROR_REASON_NOT_A_STREAM,
                "not a devstate stream");
  ExpectRefused(std::string(1, '\0'), ERROR_REASON_NOT_A_STREAM,
                "it starts with \"\\x00\"");
  // As if it had gone through a conversion of line ends.
  std::string bytes = SmallStream().Finish();
  bytes.erase(6, 1);
  ExpectRefused(bytes, ERROR_REASON_NOT_A_STREAM, "not a devstate stream");
}

TEST(StreamReader, ErrorsOfTheSourceComeThrough) {
  for (const size_t size : {0u, 20u, 100u}) {
    StringSource source(SmallStream().Finish().substr(0, size));
    source.error = absl::DeadlineExceededError("too slow");
    EXPECT_THAT(ReadAll(source), StatusIs(absl::StatusCode::kDeadlineExceeded));
  }
  StringSource source(SmallStream().Finish());
  source.error = absl::UnavailableError("gone");
  // Even at the end: whether bytes follow the trailer is not known.
  EXPECT_THAT(ReadAll(source), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(StreamReader, ANewerFormatVersionIsNamed) {
  ExpectRefused(HandmadeStream("", 2).AddRoot().Finish(),
                ERROR_REASON_UNKNOWN_CONTENT,
                "stream format version 2 is newer than version 1");
}

TEST(StreamReader, TheHeaderLimitHoldsBeforeTheHeaderIsRead) {
  Limits limits;
  limits.max_header_bytes = 100;
  HandmadeStream stream(std::string("\x0a\x7f") + std::string(127, 'x'));
  StringSource source(stream.bytes());
  const absl::Status status = ReadAll(source, limits);
  EXPECT_EQ(ReasonOf(status), ERROR_REASON_LIMIT) << status;
  EXPECT_LE(source.largest_read, 4096u);
  limits.max_header_bytes = 129;
  EXPECT_THAT(ReadAll(stream.AddRoot().Finish(), limits), IsOk());
}

TEST(StreamReader, AHeaderThatIsNoMessageIsMalformed) {
  ExpectRefused(HandmadeStream("\x0a\x05x").AddRoot().Finish(),
                ERROR_REASON_MALFORMED, "not a StreamHeader");
}

TEST(StreamReader, BadUtf8OfTheHeaderIsRefusedWithoutAWordOnStandardError) {
  ::testing::internal::CaptureStderr();
  // The device, and the name of the writer.
  ExpectRefused(HandmadeStream("\x0a\x01\xff").AddRoot().Finish(),
                ERROR_REASON_MALFORMED, "not a StreamHeader");
  ExpectRefused(HandmadeStream("\x32\x03\x0a\x01\xff").AddRoot().Finish(),
                ERROR_REASON_MALFORMED, "not a StreamHeader");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

// --- Chunk headers whose checksums are right ---

// A stream whose second chunk, a batch, was changed.
std::string WithBatch(const std::function<void(ChunkHeader&)>& change,
                      const std::string& payload = "ab") {
  HandmadeStream stream;
  stream.AddRoot("root");
  stream.Add(ChunkType::kBatch, 4, 2, payload, change);
  return stream.Finish();
}

TEST(ChunkHeaders, AWrongSequenceNumberIsRefused) {
  ExpectRefused(WithBatch([](ChunkHeader& h) { h.sequence = 2; }),
                ERROR_REASON_CHECKSUM,
                "chunk has sequence number 2, expected 1");
}

TEST(ChunkHeaders, UnknownFlagsAreNewer) {
  for (int bit = 1; bit < 16; ++bit) {
    ExpectRefused(WithBatch([bit](ChunkHeader& h) {
                    h.flags = static_cast<uint16_t>(1 << bit | 1);
                  }),
                  ERROR_REASON_UNKNOWN_CONTENT, "unknown flags");
  }
}

TEST(ChunkHeaders, AnUnknownCodecIsNewerEvenInAnIgnorableChunk) {
  for (const uint16_t flags : {uint16_t{0}, kChunkFlagIgnorable}) {
    ExpectRefused(WithBatch([flags](ChunkHeader& h) {
                    h.codec = static_cast<ChunkCodec>(2);
                    h.flags = flags;
                  }),
                  ERROR_REASON_UNKNOWN_CONTENT, "unknown codec 2");
  }
}

TEST(ChunkHeaders, AnUnknownTypeIsNewer) {
  for (const int type : {0, 4, 255}) {
    ExpectRefused(WithBatch([type](ChunkHeader& h) {
                    h.type = static_cast<ChunkType>(type);
                  }),
                  ERROR_REASON_UNKNOWN_CONTENT, "unknown type");
  }
}

TEST(ChunkHeaders, AnUnknownTypeThatIsIgnorableIsVerifiedAndSkipped) {
  HandmadeStream stream;
  stream.AddRoot("root");
  stream.Add(static_cast<ChunkType>(77), 123, 456, "whatever",
             [](ChunkHeader& h) { h.flags = kChunkFlagIgnorable; });
  stream.AddBatch(4, 1, "a");
  std::vector<std::string> payloads;
  std::string bytes = stream.Finish();
  ASSERT_THAT(ReadAll(bytes, Limits(), &payloads), IsOk());
  EXPECT_EQ(payloads, std::vector<std::string>({"root", "a"}));
  bytes[stream.offsets()[1] + kChunkHeaderSize] ^= 1;
  ExpectRefused(bytes, ERROR_REASON_CHECKSUM, "payload checksum mismatch");
}

TEST(ChunkHeaders, AnIgnorableBatchIsABatch) {
  EXPECT_THAT(
      ReadAll(WithBatch([](ChunkHeader& h) { h.flags = kChunkFlagIgnorable; })),
      IsOk());
}

TEST(ChunkHeaders, RootAndTrailerAreNeverIgnorable) {
  HandmadeStream root;
  root.Add(ChunkType::kRoot, 0, 0, "",
           [](ChunkHeader& h) { h.flags = kChunkFlagIgnorable; });
  ExpectRefused(root.Finish(), ERROR_REASON_MALFORMED, "marked ignorable");
  HandmadeStream trailer;
  trailer.AddRoot();
  trailer.Add(ChunkType::kTrailer, 0, 0, Serialize(trailer.Trailer()),
              [](ChunkHeader& h) { h.flags = kChunkFlagIgnorable; });
  ExpectRefused(trailer.bytes(), ERROR_REASON_MALFORMED, "marked ignorable");
}

TEST(ChunkHeaders, TheTrailerIsNeverCompressed) {
  HandmadeStream stream;
  stream.AddRoot();
  const std::string trailer = Serialize(stream.Trailer());
  stream.Add(ChunkType::kTrailer, 0, 0, Zstd(trailer),
             [&](ChunkHeader& header) {
               header.codec = ChunkCodec::kZstd;
               header.decoded_size = static_cast<uint32_t>(trailer.size());
             });
  ExpectRefused(stream.bytes(), ERROR_REASON_MALFORMED,
                "the trailer is compressed");
}

TEST(ChunkHeaders, ABatchHasAFieldAndRecordsAndNothingElseHas) {
  ExpectRefused(WithBatch([](ChunkHeader& h) { h.field = 0; }),
                ERROR_REASON_MALFORMED, "field number 0");
  ExpectRefused(WithBatch([](ChunkHeader& h) { h.records = 0; }),
                ERROR_REASON_MALFORMED, "0 records");
  HandmadeStream root;
  root.Add(ChunkType::kRoot, 1, 0, "");
  ExpectRefused(root.Finish(), ERROR_REASON_MALFORMED, "field number 1");
  HandmadeStream records;
  records.Add(ChunkType::kRoot, 0, 1, "");
  ExpectRefused(records.Finish(), ERROR_REASON_MALFORMED, "1 records");
  HandmadeStream trailer;
  trailer.AddRoot();
  trailer.Add(ChunkType::kTrailer, 0, 3, Serialize(trailer.Trailer()));
  ExpectRefused(trailer.bytes(), ERROR_REASON_MALFORMED, "3 records");
}

TEST(ChunkHeaders, ARawChunkHasOneSize) {
  ExpectRefused(WithBatch([](ChunkHeader& h) { h.decoded_size = 3; }),
                ERROR_REASON_MALFORMED,
                "raw chunk has 2 stored and 3 decoded bytes");
}

TEST(ChunkHeaders, AZstdChunkIsExactlyAsLargeAsItSays) {
  const std::string frame = Zstd("hello");
  const auto with = [&](uint32_t size) {
    return WithBatch(
        [size](ChunkHeader& h) {
          h.codec = ChunkCodec::kZstd;
          h.decoded_size = size;
        },
        frame);
  };
  EXPECT_THAT(ReadAll(with(5)), IsOk());
  ExpectRefused(with(4), ERROR_REASON_MALFORMED,
                "does not declare the content size 4");
  ExpectRefused(with(6), ERROR_REASON_MALFORMED,
                "does not declare the content size 6");
  ExpectRefused(with(0), ERROR_REASON_MALFORMED,
                "does not declare the content size 0");
}

// --- Order ---

TEST(ChunkOrder, TheRootChunkComesFirst) {
  ExpectRefused(HandmadeStream().AddBatch(1, 1).Finish(),
                ERROR_REASON_MALFORMED, "the root chunk must be the first one");
  HandmadeStream ignorable;
  ignorable.Add(static_cast<ChunkType>(9), 0, 0, "",
                [](ChunkHeader& h) { h.flags = kChunkFlagIgnorable; });
  ExpectRefused(ignorable.AddRoot().Finish(), ERROR_REASON_MALFORMED,
                "root chunk");
}

TEST(ChunkOrder, ThereIsOneRootChunk) {
  ExpectRefused(HandmadeStream().AddRoot().AddRoot().Finish(),
                ERROR_REASON_MALFORMED,
                "the root chunk must be the first one, and only that");
}

TEST(ChunkOrder, AStreamWithoutRootChunkIsRefused) {
  ExpectRefused(HandmadeStream().Finish(), ERROR_REASON_MALFORMED,
                "root chunk");
}

TEST(ChunkOrder, BatchesComeInAscendingOrderOfField) {
  ExpectRefused(
      HandmadeStream().AddRoot().AddBatch(5, 1).AddBatch(4, 1).Finish(),
      ERROR_REASON_MALFORMED, "batch of field 4 comes after one of field 5");
}

// --- Checksums ---

TEST(Checksums, AreCheckedBeforeWhatTheyCover) {
  const HandmadeStream small = SmallStream();
  HandmadeStream copy = small;
  const std::string bytes = copy.Finish();
  // Behind the magic, of the prefix; the header; chunk header and payload.
  const auto damaged_at = [&](size_t offset) {
    std::string damaged = bytes;
    damaged[offset] = static_cast<char>(damaged[offset] ^ 0x10);
    return damaged;
  };
  ExpectRefused(damaged_at(8), ERROR_REASON_CHECKSUM,
                "prefix checksum mismatch (stored 0x");
  ExpectRefused(damaged_at(13), ERROR_REASON_CHECKSUM,
                "prefix checksum mismatch");
  ExpectRefused(damaged_at(33), ERROR_REASON_CHECKSUM,
                "header checksum mismatch");
  ExpectRefused(damaged_at(small.offsets()[1]), ERROR_REASON_CHECKSUM,
                "chunk 1: chunk header checksum mismatch");
  ExpectRefused(damaged_at(small.offsets()[1] + kChunkHeaderSize),
                ERROR_REASON_CHECKSUM, "chunk 1: payload checksum mismatch");
}

TEST(Checksums, ErrorsSayWhere) {
  HandmadeStream stream = SmallStream();
  std::string bytes = stream.Finish();
  bytes[stream.offsets()[2] + 5] ^= 1;
  const absl::Status status = ReadAll(bytes);
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->reason, ERROR_REASON_CHECKSUM);
  EXPECT_EQ(detail->offset, stream.offsets()[2]);
  EXPECT_EQ(detail->chunk, 2u);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss));
}

// --- Trailer ---

TEST(Trailer, EveryCountIsCheckedAndTheDigest) {
  const std::vector<std::function<void(StreamTrailer&)>> changes = {
      [](StreamTrailer& t) { ++t.chunks; },
      [](StreamTrailer& t) { t.records = 0; },
      [](StreamTrailer& t) { t.decoded_bytes = 1; },
      [](StreamTrailer& t) { t.stored_bytes = 1; },
      [](StreamTrailer& t) { t.digest ^= 1; },
  };
  const std::vector<std::string> names = {"chunks", "records", "decoded_bytes",
                                          "stored_bytes", "digest"};
  for (size_t i = 0; i < changes.size(); ++i) {
    HandmadeStream stream = SmallStream();
    StreamTrailer trailer = stream.Trailer();
    changes[i](trailer);
    ExpectRefused(stream.Finish(trailer), ERROR_REASON_CHECKSUM,
                  "the trailer says " + names[i]);
  }
}

TEST(Trailer, AMalformedTrailerIsRefused) {
  HandmadeStream stream = SmallStream();
  stream.Add(ChunkType::kTrailer, 0, 0, "\x0a\x05");
  ExpectRefused(stream.bytes(), ERROR_REASON_MALFORMED, "not a StreamTrailer");
}

TEST(Trailer, NothingMayFollow) {
  const std::string bytes = SmallStream().Finish();
  ExpectRefused(bytes + "x", ERROR_REASON_TRAILING_BYTES,
                "bytes follow the trailer");
  ExpectRefused(bytes + std::string(1, '\0'), ERROR_REASON_TRAILING_BYTES,
                "follow");
  ExpectRefused(bytes + bytes, ERROR_REASON_TRAILING_BYTES, "follow");
  StringSource source(bytes + "x", 1);
  EXPECT_EQ(ReasonOf(ReadAll(source)), ERROR_REASON_TRAILING_BYTES);
}

// --- Limits ---

TEST(Limits, OfAChunkHoldBeforeItsPayloadIsRead) {
  Limits limits;
  limits.max_chunk_stored_bytes = 100;
  StringSource source(
      HandmadeStream().AddRoot(std::string(100000, 'x')).Finish(), 72);
  absl::Status status = ReadAll(source, limits);
  EXPECT_EQ(ReasonOf(status), ERROR_REASON_LIMIT) << status;
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted,
                               HasSubstr("max_chunk_stored_bytes = 100")));
  EXPECT_EQ(source.reads, 1);
  limits = Limits();
  limits.max_chunk_decoded_bytes = 100;
  ExpectRefused(HandmadeStream().AddRoot(std::string(101, 'x')).Finish(),
                ERROR_REASON_LIMIT, "max_chunk_decoded_bytes", limits);
  EXPECT_THAT(
      ReadAll(HandmadeStream().AddRoot(std::string(100, 'x')).Finish(), limits),
      IsOk());
}

TEST(Limits, EachCountHasItsOwn) {
  HandmadeStream stream;
  stream.AddRoot("x").AddBatch(1, 10, "y").AddBatch(1, 10, "z");
  const std::string bytes = stream.Finish();
  Limits limits;
  limits.max_chunks = 3;
  limits.max_records = 20;
  limits.max_chunk_records = 10;
  // Without the trailer.
  limits.max_decoded_bytes = 3;
  EXPECT_THAT(ReadAll(bytes, limits), IsOk());
  Limits fewer = limits;
  fewer.max_chunks = 2;
  ExpectRefused(bytes, ERROR_REASON_LIMIT, "3 is more than max_chunks = 2",
                fewer);
  fewer = limits;
  fewer.max_records = 19;
  ExpectRefused(bytes, ERROR_REASON_LIMIT, "20 is more than max_records = 19",
                fewer);
  fewer = limits;
  fewer.max_chunk_records = 9;
  ExpectRefused(bytes, ERROR_REASON_LIMIT,
                "10 is more than max_chunk_records = 9", fewer);
  fewer = limits;
  fewer.max_decoded_bytes = 2;
  ExpectRefused(bytes, ERROR_REASON_LIMIT, "max_decoded_bytes = 2", fewer);
}

TEST(Limits, ADecompressionBombIsRefusedBeforeItIsDecompressed) {
  const std::string zeros(1000000, '\0');
  const std::string frame = Zstd(zeros);
  HandmadeStream stream;
  stream.AddRoot();
  for (int i = 0; i < 3; ++i) {
    stream.Add(ChunkType::kBatch, 1, 1, frame, [](ChunkHeader& h) {
      h.codec = ChunkCodec::kZstd;
      h.decoded_size = 1000000;
    });
  }
  const std::string bytes = stream.Finish();
  ExpectRefused(bytes, ERROR_REASON_LIMIT, "max_expansion = 1024");
  Limits limits;
  limits.max_expansion = 100000;
  EXPECT_THAT(ReadAll(bytes, limits), IsOk());
}

TEST(Limits, ManyEmptyChunksTakeLittleTime) {
  HandmadeStream stream;
  stream.AddRoot();
  for (int i = 0; i < 1 << 18; ++i) stream.AddBatch(1, 1);
  EXPECT_THAT(ReadAll(stream.Finish()), IsOk());
}

TEST(Memory, ASmallStreamTakesASmallBufferAndTwoReads) {
  StringSource source(SmallStream().Finish());
  ASSERT_THAT(ReadAll(source), IsOk());
  EXPECT_EQ(source.reads, 2);
  EXPECT_LE(source.largest_read, 4096u);
}

TEST(Memory, IsThatOfAChunkWhateverTheStream) {
  HandmadeStream stream;
  stream.AddRoot();
  for (int i = 0; i < 200; ++i) stream.AddBatch(1, 1, std::string(50000, 'x'));
  StringSource source(stream.Finish());
  ASSERT_THAT(ReadAll(source), IsOk());
  EXPECT_LE(source.largest_read, 50000 + 2 * kChunkHeaderSize);
}

TEST(StreamReader, KeepsItsOrder) {
  StringSource source(SmallStream().Finish());
  StreamReader reader(&source);
  EXPECT_THAT(reader.NextChunk(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  StringSource again(SmallStream().Finish());
  StreamReader twice(&again);
  ASSERT_THAT(twice.ReadHeader(), IsOk());
  EXPECT_THAT(twice.ReadHeader(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(StreamErrors, CodesFollowFromReasons) {
  const auto code_of = [](ErrorReason reason) {
    ErrorDetail detail;
    detail.reason = reason;
    return StreamError(detail, "").code();
  };
  EXPECT_EQ(code_of(ERROR_REASON_NOT_A_STREAM),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code_of(ERROR_REASON_NO_TRAILER), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code_of(ERROR_REASON_CHECKSUM), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code_of(ERROR_REASON_TRAILING_BYTES), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code_of(ERROR_REASON_LIMIT), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code_of(ERROR_REASON_MALFORMED),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code_of(ERROR_REASON_UNKNOWN_CONTENT),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ReasonOf(absl::DataLossError("of another kind")), kFine);
}

}  // namespace
}  // namespace devstate
