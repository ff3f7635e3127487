// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/stream_writer.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "devstate/serializer/internal/chunk_sealer.h"
#include "devstate/serializer/stored_chunk.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::HandmadeStream;
using ::devstate::testing::IsOk;
using ::devstate::testing::Noise;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::HasSubstr;

constexpr absl::StatusCode kMisuse = absl::StatusCode::kFailedPrecondition;
constexpr absl::StatusCode kLimit = absl::StatusCode::kResourceExhausted;

WriterOptions Options(Compression compression = Compression::Raw()) {
  WriterOptions options;
  options.compression = compression;
  return options;
}

absl::Status WriteRoot(StreamWriter& writer, const std::string& payload = "") {
  writer.BeginChunk()->out().Append(payload);
  return writer.EndChunk(ChunkType::kRoot, 0, 0);
}

absl::Status WriteBatch(StreamWriter& writer, uint32_t field, uint32_t records,
                        const std::string& payload) {
  writer.BeginChunk()->out().Append(payload);
  return writer.EndChunk(ChunkType::kBatch, field, records);
}

// What the reader finds in `bytes`: payloads and codecs.
struct Found {
  std::vector<std::string> payloads;
  std::vector<ChunkCodec> codecs;
};
Found ReadAll(const std::string& bytes) {
  StringSource source(bytes);
  StreamReader reader(&source);
  EXPECT_THAT(reader.ReadHeader(), IsOk());
  Found found;
  while (true) {
    absl::StatusOr<absl::optional<Chunk>> chunk = reader.NextChunk();
    EXPECT_THAT(chunk, IsOk());
    if (!chunk.ok() || !chunk->has_value()) return found;
    found.payloads.push_back(std::string((*chunk)->payload));
    found.codecs.push_back(reader.chunk_header().codec);
  }
}

TEST(StreamWriter, WritesWhatTheFormatSays) {
  StringSink sink;
  StreamWriter writer(&sink, Options());
  StreamHeader header;
  header.device = "virtio-fs";
  ASSERT_THAT(writer.WriteHeader(header), IsOk());
  ASSERT_THAT(WriteRoot(writer, "root"), IsOk());
  ASSERT_THAT(WriteBatch(writer, 4, 2, "ab"), IsOk());
  ASSERT_THAT(WriteBatch(writer, 4, 1, ""), IsOk());
  ASSERT_THAT(WriteBatch(writer, 5, 3, "cde"), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  HandmadeStream expected(Serialize(header));
  expected.AddRoot("root")
      .AddBatch(4, 2, "ab")
      .AddBatch(4, 1)
      .AddBatch(5, 3, "cde");
  EXPECT_EQ(sink.written, expected.Finish());
  EXPECT_EQ(writer.bytes_written(), sink.written.size());
  EXPECT_EQ(writer.chunks(), 4u);
  EXPECT_EQ(writer.records(), 6u);
  EXPECT_EQ(writer.decoded_bytes(), 9u);
}

StoredChunk Store(const WriterOptions& options, uint32_t field,
                  uint32_t records, const std::string& payload) {
  const ChunkSealer sealer(options.compression, options.limits.max_expansion);
  Compressor compressor;
  ChunkHeader header;
  header.type = ChunkType::kBatch;
  header.field = field;
  header.records = records;
  absl::StatusOr<StoredChunk> chunk = sealer.Store(header, payload, compressor);
  EXPECT_THAT(chunk, IsOk());
  return *std::move(chunk);
}

// Small and large, compressible or not, and between chunks of a second thread.
// Remembers where what it was handed lay.
class WatchingSink : public StringSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    places.push_back(bytes.data());
    return StringSink::Write(bytes);
  }

  std::vector<const char*> places;
};

TEST(StreamWriter, BytesThatLastComeToTheSinkWithoutACopy) {
  const std::string bytes = Noise(100000);
  for (const Compression& compression :
       {Compression::Raw(), Compression::Automatic(), Compression::Zstd(1)}) {
    WatchingSink sink;
    StringSink copied;
    for (StringSink* out : {static_cast<StringSink*>(&sink), &copied}) {
      StreamWriter writer(out, Options(compression));
      ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
      ASSERT_THAT(WriteRoot(writer), IsOk());
      for (int i = 0; i < 2; ++i) {
        MessageWriter& payload = *writer.BeginChunk();
        payload.WriteNumber(1, 1);
        if (out == &sink) {
          payload.WriteLastingBytes(2, bytes);
        } else {
          payload.WriteBytes(2, bytes);
        }
        payload.WriteNumber(3, 1);
        ASSERT_THAT(writer.EndChunk(ChunkType::kBatch, 1, 1), IsOk());
      }
      ASSERT_THAT(writer.Finish(), IsOk());
      EXPECT_EQ(writer.bytes_written(), out->written.size());
    }
    EXPECT_EQ(sink.written, copied.written);
    EXPECT_EQ(std::count(sink.places.begin(), sink.places.end(), bytes.data()),
              compression.mode == Compression::Mode::kRaw ? 2 : 0);
    EXPECT_EQ(ReadAll(sink.written).payloads.size(), 3u);
  }
}

TEST(StreamWriter, BytesThatLastCountAgainstTheLimits) {
  WriterOptions options = Options();
  options.limits.max_chunk_decoded_bytes = 1000;
  StringSink sink;
  StreamWriter writer(&sink, options);
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(writer), IsOk());
  const std::string bytes(1000, 'x');
  writer.BeginChunk()->WriteLastingBytes(2, bytes);
  EXPECT_THAT(writer.EndChunk(ChunkType::kBatch, 1, 1), StatusIs(kLimit));
}

TEST(StreamWriter, StoredChunksAreTheBytesOfThoseThatAreWritten) {
  const std::string payloads[] = {"",
                                  "ab",
                                  std::string(5000, 'x'),
                                  Noise(40000),
                                  Noise(300000) + "x",
                                  Noise(20000) + std::string(20000, 'y')};
  for (const Compression& compression :
       {Compression::Raw(), Compression::Zstd(1)}) {
    const WriterOptions options = Options(compression);
    std::vector<StoredChunk> stored;
    for (const std::string& payload : payloads) {
      stored.push_back(Store(options, 4, 2, payload));
    }
    // The second time they are added to another stream, at other places.
    for (const size_t first : {0, 1}) {
      StringSink plain_sink;
      StringSink sink;
      StreamWriter plain(&plain_sink, options);
      StreamWriter writer(&sink, options);
      for (StreamWriter* const each : {&plain, &writer}) {
        ASSERT_THAT(each->WriteHeader(StreamHeader()), IsOk());
        ASSERT_THAT(WriteRoot(*each, "root"), IsOk());
      }
      for (size_t i = first; i < stored.size(); ++i) {
        ASSERT_THAT(WriteBatch(plain, 4, 2, payloads[i]), IsOk());
        ASSERT_THAT(writer.AddStored(stored[i]), IsOk());
        ASSERT_THAT(WriteBatch(plain, 4, 1, Noise(30000)), IsOk());
        ASSERT_THAT(WriteBatch(writer, 4, 1, Noise(30000)), IsOk());
      }
      ASSERT_THAT(plain.Finish(), IsOk());
      ASSERT_THAT(writer.Finish(), IsOk());
      EXPECT_TRUE(sink.written == plain_sink.written);
      EXPECT_EQ(writer.bytes_written(), sink.written.size());
      EXPECT_EQ(writer.stored_chunks(), stored.size() - first);
    }
  }
}

TEST(StreamWriter, StoredChunkThatMayNotComeIsRefused) {
  WriterOptions options = Options();
  StoredChunk chunk = Store(options, 4, 2, "abc");
  StringSink sink;
  StreamWriter early(&sink, options);
  EXPECT_THAT(early.AddStored(chunk), StatusIs(kMisuse));
  StreamWriter writer(&sink, options);
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(writer), IsOk());
  ASSERT_THAT(WriteBatch(writer, 5, 1, ""), IsOk());
  EXPECT_THAT(writer.AddStored(chunk), StatusIs(kMisuse));
  options.limits.max_records = 1;
  StreamWriter limited(&sink, options);
  ASSERT_THAT(limited.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(limited), IsOk());
  EXPECT_THAT(limited.AddStored(chunk), StatusIs(kLimit));
  EXPECT_THAT(limited.Finish(), StatusIs(kLimit));
}

// Wherever it comes to stand, it must not look like a decompression bomb.
TEST(StreamWriter, StoredChunkThatExpandsTooMuchIsRaw) {
  const WriterOptions options = Options(Compression::Zstd(1));
  EXPECT_EQ(Store(options, 4, 1, std::string(1000000, 'x')).header.codec,
            ChunkCodec::kRaw);
  EXPECT_EQ(Store(options, 4, 1, std::string(1000, 'x')).header.codec,
            ChunkCodec::kZstd);
}

TEST(StreamWriter, ASmallStateIsOneWrite) {
  StringSink sink;
  StreamWriter writer(&sink, Options(Compression::Automatic()));
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(writer, std::string(3000, 'x')), IsOk());
  ASSERT_THAT(WriteBatch(writer, 1, 1, "y"), IsOk());
  EXPECT_EQ(sink.writes, 0);
  ASSERT_THAT(writer.Finish(), IsOk());
  EXPECT_EQ(sink.writes, 1);
}

TEST(StreamWriter, ALargeStateIsWrittenChunkByChunk) {
  StringSink sink;
  StreamWriter writer(&sink, Options());
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(writer), IsOk());
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(WriteBatch(writer, 1, 1, Noise(100000)), IsOk());
    EXPECT_EQ(sink.writes, i + 1);
  }
}

TEST(StreamWriter, TheSameStateIsTheSameBytes) {
  for (const Compression& compression :
       {Compression::Raw(), Compression::Zstd(3), Compression::Automatic()}) {
    std::string first;
    for (int round = 0; round < 2; ++round) {
      StringSink sink;
      StreamWriter writer(&sink, Options(compression));
      ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
      ASSERT_THAT(WriteRoot(writer, "root"), IsOk());
      for (uint32_t i = 1; i < 40; ++i) {
        ASSERT_THAT(
            WriteBatch(writer, i, 1,
                       i % 3 == 0 ? std::string(9000, 'x') : Noise(9000, i)),
            IsOk());
      }
      ASSERT_THAT(writer.Finish(), IsOk());
      if (round == 0) first = sink.written;
      EXPECT_EQ(sink.written, first);
    }
  }
}

TEST(StreamWriter, ZstdIsChosenWhereItIsSmaller) {
  StringSink sink;
  StreamWriter writer(&sink, Options(Compression::Zstd(1)));
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  const std::vector<std::string> payloads = {
      "", "short", std::string(10000, 'x'), Noise(10000)};
  ASSERT_THAT(WriteRoot(writer, payloads[0]), IsOk());
  for (int i = 1; i < 4; ++i) {
    ASSERT_THAT(WriteBatch(writer, 1, 1, payloads[i]), IsOk());
  }
  ASSERT_THAT(writer.Finish(), IsOk());
  const Found found = ReadAll(sink.written);
  EXPECT_EQ(found.payloads, payloads);
  EXPECT_EQ(found.codecs,
            std::vector<ChunkCodec>({ChunkCodec::kRaw, ChunkCodec::kRaw,
                                     ChunkCodec::kZstd, ChunkCodec::kRaw}));
}

TEST(StreamWriter, AutomaticLeavesSmallChunksRaw) {
  StringSink sink;
  StreamWriter writer(&sink, Options(Compression::Automatic()));
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(writer, std::string(4095, 'x')), IsOk());
  ASSERT_THAT(WriteBatch(writer, 1, 1, std::string(4096, 'x')), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  EXPECT_EQ(ReadAll(sink.written).codecs,
            std::vector<ChunkCodec>({ChunkCodec::kRaw, ChunkCodec::kZstd}));
}

// Takes everything, and says that somebody has read all of it, or nothing.
class PacedSink : public StringSink {
 public:
  explicit PacedSink(bool read) : read_(read) {
    // Else writing would take longer than compressing.
    written.assign(size_t{20} << 20, 'x');
    written.clear();
  }
  absl::optional<uint64_t> Waiting() const override {
    return read_ ? 0 : written.size();
  }

 private:
  const bool read_;
};

// Returns how many of 300 chunks of 64 KiB are stored raw.
size_t RawChunks(StringSink& sink) {
  StreamWriter writer(&sink, Options(Compression::Automatic()));
  EXPECT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  EXPECT_THAT(WriteRoot(writer), IsOk());
  // Digits, which take a compressor some time.
  std::string payload = Noise(64 * 1024);
  for (char& c : payload) {
    c = static_cast<char>('0' + static_cast<unsigned char>(c) % 10);
  }
  for (uint32_t i = 0; i < 300; ++i) {
    EXPECT_THAT(WriteBatch(writer, 1, 1, payload), IsOk());
  }
  EXPECT_THAT(writer.Finish(), IsOk());
  const std::vector<ChunkCodec> codecs = ReadAll(sink.written).codecs;
  EXPECT_EQ(codecs.size(), 301u);
  // The root is empty.
  return static_cast<size_t>(
             std::count(codecs.begin(), codecs.end(), ChunkCodec::kRaw)) -
         1;
}

// How well it chooses is what channel_choice_test says.
TEST(StreamWriter, AutomaticGoesByWhatTheSinkTakes) {
  PacedSink fast(true);
  EXPECT_GE(RawChunks(fast), 4u);
  PacedSink slow(false);
  EXPECT_LE(RawChunks(slow), 10u);
}

TEST(StreamWriter, AutomaticGoesByTheContentIfTheSinkDoesNotTell) {
  StringSink sink;
  EXPECT_EQ(RawChunks(sink), 0u);
}

TEST(StreamWriter, AutomaticTriesAgainWithGrowingDistanceAfterNoGain) {
  StringSink sink;
  StreamWriter writer(&sink, Options(Compression::Automatic()));
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(writer), IsOk());
  std::vector<std::string> payloads = {""};
  // Noise, and then text: the text is not tried at once.
  for (uint32_t i = 0; i < 10; ++i) payloads.push_back(Noise(5000, i));
  for (uint32_t i = 0; i < 30; ++i) {
    payloads.push_back(std::string(5000, 'x'));
  }
  for (size_t i = 1; i < payloads.size(); ++i) {
    ASSERT_THAT(WriteBatch(writer, 1, 1, payloads[i]), IsOk());
  }
  ASSERT_THAT(writer.Finish(), IsOk());
  const Found found = ReadAll(sink.written);
  EXPECT_EQ(found.payloads, payloads);
  EXPECT_EQ(found.codecs[11], ChunkCodec::kRaw);
  EXPECT_EQ(found.codecs.back(), ChunkCodec::kZstd);
}

TEST(StreamWriter, AStateOfZerosIsNotADecompressionBomb) {
  // It shrinks 5000 times, and readers accept 1024 times.
  for (const Compression& compression :
       {Compression::Zstd(1), Compression::Automatic()}) {
    StringSink sink;
    StreamWriter writer(&sink, Options(compression));
    ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
    ASSERT_THAT(WriteRoot(writer), IsOk());
    const std::string zeros(1000000, '\0');
    for (int i = 0; i < 20; ++i) {
      ASSERT_THAT(WriteBatch(writer, 1, 1, zeros), IsOk());
    }
    ASSERT_THAT(writer.Finish(), IsOk());
    EXPECT_LT(sink.written.size(), 1100000u);
    EXPECT_EQ(ReadAll(sink.written).payloads.size(), 21u);
  }
}

TEST(StreamWriter, ErrorsOfTheSinkStay) {
  StringSink sink;
  StreamWriter writer(&sink, Options());
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(writer), IsOk());
  sink.error = absl::UnavailableError("gone");
  EXPECT_THAT(WriteBatch(writer, 1, 1, Noise(100000)),
              StatusIs(absl::StatusCode::kUnavailable));
  sink.error = absl::OkStatus();
  EXPECT_THAT(WriteBatch(writer, 1, 1, "x"),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(writer.Finish(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(sink.written, "");
}

TEST(StreamWriter, RefusesWhatAReaderWouldRefuseForItsSize) {
  StringSink sink;
  WriterOptions options = Options();
  options.limits.max_chunk_decoded_bytes = 100;
  StreamWriter writer(&sink, options);
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(writer, std::string(100, 'x')), IsOk());
  EXPECT_THAT(WriteBatch(writer, 7, 3, std::string(101, 'x')),
              StatusIs(kLimit, HasSubstr("a batch of 3 records of field 7 "
                                         "takes 101 bytes")));
  EXPECT_THAT(writer.Finish(), StatusIs(kLimit));
}

TEST(StreamWriter, RefusesARootChunkThatIsTooLargeByItsName) {
  StringSink sink;
  WriterOptions options = Options();
  options.limits.max_chunk_decoded_bytes = 100;
  StreamWriter writer(&sink, options);
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  EXPECT_THAT(WriteRoot(writer, std::string(101, 'x')),
              StatusIs(kLimit, HasSubstr("singular fields")));
}

TEST(StreamWriter, RefusesMoreThanAReaderTakesInAll) {
  const auto write = [](const Limits& limits) {
    StringSink sink;
    WriterOptions options = Options();
    options.limits = limits;
    StreamWriter writer(&sink, options);
    EXPECT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
    WriteRoot(writer, "x").IgnoreError();
    WriteBatch(writer, 1, 10, "y").IgnoreError();
    WriteBatch(writer, 1, 10, "z").IgnoreError();
    return writer.Finish();
  };
  Limits limits;
  EXPECT_THAT(write(limits), IsOk());
  limits.max_chunks = 3;
  limits.max_records = 20;
  limits.max_chunk_records = 10;
  limits.max_decoded_bytes = 3;
  EXPECT_THAT(write(limits), IsOk());
  Limits fewer = limits;
  fewer.max_chunks = 2;
  EXPECT_THAT(write(fewer), StatusIs(kLimit, HasSubstr("2 chunks")));
  fewer = limits;
  fewer.max_records = 19;
  EXPECT_THAT(write(fewer), StatusIs(kLimit, HasSubstr("19 records")));
  fewer = limits;
  fewer.max_chunk_records = 9;
  EXPECT_THAT(write(fewer), StatusIs(kLimit, HasSubstr("10 records")));
  fewer = limits;
  fewer.max_decoded_bytes = 2;
  EXPECT_THAT(write(fewer), StatusIs(kLimit, HasSubstr("2 bytes")));
}

TEST(StreamWriter, DropsTheDescriptorSetBeforeTheHeaderIsTooLarge) {
  StringSink sink;
  WriterOptions options = Options();
  options.limits.max_header_bytes = 100;
  StreamWriter writer(&sink, options);
  StreamHeader header;
  header.device = "d";
  header.descriptor_set = std::string(200, 'x');
  ASSERT_THAT(writer.WriteHeader(header), IsOk());
  ASSERT_THAT(WriteRoot(writer), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  header.descriptor_set.clear();
  EXPECT_EQ(sink.written, HandmadeStream(Serialize(header)).AddRoot().Finish());
}

TEST(StreamWriter, RefusesAHeaderThatIsTooLarge) {
  StringSink sink;
  WriterOptions options = Options();
  options.limits.max_header_bytes = 100;
  StreamWriter writer(&sink, options);
  StreamHeader header;
  header.instance = std::string(200, 'x');
  EXPECT_THAT(writer.WriteHeader(header),
              StatusIs(kLimit, HasSubstr("readers accept 100")));
  EXPECT_THAT(writer.Finish(), StatusIs(kLimit));
}

TEST(StreamWriter, KeepsTheOrderOfAStream) {
  const auto after = [](const std::function<void(StreamWriter&)>& steps) {
    StringSink sink;
    StreamWriter writer(&sink, Options());
    steps(writer);
    const absl::Status status = writer.Finish();
    EXPECT_EQ(writer.Finish().code(), kMisuse);
    if (!status.ok()) {
      EXPECT_EQ(sink.written, "");
    }
    return status;
  };
  const auto header = [](StreamWriter& writer) {
    writer.WriteHeader(StreamHeader()).IgnoreError();
  };
  const auto root = [](StreamWriter& writer) {
    WriteRoot(writer).IgnoreError();
  };
  const auto batch = [](StreamWriter& writer, uint32_t field,
                        uint32_t records) {
    WriteBatch(writer, field, records, "").IgnoreError();
  };
  EXPECT_THAT(after([&](StreamWriter&) {}), StatusIs(kMisuse));
  EXPECT_THAT(after([&](StreamWriter& w) { header(w); }), StatusIs(kMisuse));
  EXPECT_THAT(after([&](StreamWriter& w) { root(w); }), StatusIs(kMisuse));
  EXPECT_THAT(after([&](StreamWriter& w) { header(w), header(w), root(w); }),
              StatusIs(kMisuse));
  EXPECT_THAT(after([&](StreamWriter& w) { header(w), batch(w, 1, 1); }),
              StatusIs(kMisuse));
  EXPECT_THAT(after([&](StreamWriter& w) { header(w), root(w), root(w); }),
              StatusIs(kMisuse));
  EXPECT_THAT(after([&](StreamWriter& w) {
                header(w), root(w), batch(w, 2, 1), batch(w, 1, 1);
              }),
              StatusIs(kMisuse));
  EXPECT_THAT(
      after([&](StreamWriter& w) { header(w), root(w), batch(w, 0, 1); }),
      StatusIs(kMisuse));
  EXPECT_THAT(
      after([&](StreamWriter& w) { header(w), root(w), batch(w, 1, 0); }),
      StatusIs(kMisuse));
  EXPECT_THAT(after([&](StreamWriter& w) {
                header(w), root(w), batch(w, 1, 1), batch(w, 1, 1);
              }),
              IsOk());
}

TEST(StreamWriter, NothingFollowsTheTrailer) {
  StringSink sink;
  StreamWriter writer(&sink, Options());
  ASSERT_THAT(writer.WriteHeader(StreamHeader()), IsOk());
  ASSERT_THAT(WriteRoot(writer), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  const std::string complete = sink.written;
  EXPECT_THAT(WriteBatch(writer, 1, 1, "x"),
              StatusIs(kMisuse, HasSubstr("after Finish()")));
  EXPECT_EQ(sink.written, complete);
}

TEST(MakeHeader, SaysWhatTheSchemaAndTheOptionsSay) {
  SchemaInfo schema = {};
  schema.schema = "devices.x.v1";
  schema.version = 3;
  schema.min_reader = 2;
  schema.device = "virtio-x";
  schema.root_message = "devices.x.v1.XState";
  schema.fingerprint = "0123";
  schema.descriptor_set = "frame";
  WriterOptions options;
  options.implementation.name = "x-backend";
  options.implementation.version = "1.2";
  options.instance = "x0";
  options.used_features = {"a", "b"};
  StreamHeader header = MakeHeader(schema, options);
  EXPECT_EQ(header.schema, "devices.x.v1");
  EXPECT_EQ(header.schema_version, 3u);
  EXPECT_EQ(header.min_reader, 2u);
  EXPECT_EQ(header.device, "virtio-x");
  EXPECT_EQ(header.root_message, "devices.x.v1.XState");
  EXPECT_EQ(header.fingerprint, "0123");
  EXPECT_EQ(header.descriptor_set, "frame");
  EXPECT_EQ(header.writer.name, "x-backend");
  EXPECT_EQ(header.writer.version, "1.2");
  EXPECT_EQ(header.instance, "x0");
  EXPECT_EQ(header.used_features.size(), 2u);
  options.embed_descriptor_set = false;
  EXPECT_EQ(MakeHeader(schema, options).descriptor_set, "");
}

}  // namespace
}  // namespace devstate
