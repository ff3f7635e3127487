// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/third_party/zstd/zstd_frame.h"

#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

const absl::string_view kMagic("\x28\xb5\x2f\xfd", 4);

std::string Compress(absl::string_view text, int level = 1) {
  Compressor compressor;
  std::string frame(Compressor::Bound(text.size()), '\0');
  absl::StatusOr<size_t> size =
      compressor.Compress(text, level, &frame[0], frame.size());
  EXPECT_THAT(size, IsOk());
  frame.resize(size.value_or(0));
  return frame;
}

absl::Status Decompress(absl::string_view frame, size_t size,
                        std::string* out = nullptr) {
  // Exactly as large as promised, so that a sanitizer sees what is beyond.
  const std::unique_ptr<char[]> output(new char[size]);
  absl::Status status = Decompressor().Decompress(frame, output.get(), size);
  if (out != nullptr) out->assign(output.get(), size);
  return status;
}

std::string LittleEndian(uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) {
    bytes += static_cast<char>(value >> (8 * i));
  }
  return bytes;
}

// A frame of one raw block, as RFC 8878 describes it.
std::string RawFrame(absl::string_view header, absl::string_view content) {
  return absl::StrCat(kMagic, header, LittleEndian(content.size() << 3 | 1, 3),
                      content);
}

TEST(Compression, EveryLevelComesBack) {
  std::string text;
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&text, "record ", i % 100);
  for (const int level : {-7, 1, 3, 9, 19}) {
    const std::string frame = Compress(text, level);
    EXPECT_LT(frame.size(), text.size());
    std::string back;
    ASSERT_THAT(Decompress(frame, text.size(), &back), IsOk());
    EXPECT_EQ(back, text);
  }
}

TEST(Compression, NothingComesBack) {
  EXPECT_THAT(Decompress(Compress(""), 0), IsOk());
}

TEST(Compression, TheSameInputIsTheSameFrame) {
  EXPECT_EQ(Compress(std::string(10000, 'x')),
            Compress(std::string(10000, 'x')));
}

TEST(Compression, AContextServesManyFrames) {
  Compressor compressor;
  Decompressor decompressor;
  for (size_t size : {10u, 100000u, 0u, 5000u}) {
    const std::string text(size, 'y');
    std::string frame(Compressor::Bound(size), '\0');
    absl::StatusOr<size_t> stored =
        compressor.Compress(text, 1, &frame[0], frame.size());
    ASSERT_THAT(stored, IsOk());
    frame.resize(*stored);
    std::string back(size, '\0');
    ASSERT_THAT(decompressor.Decompress(frame, &back[0], size), IsOk());
    EXPECT_EQ(back, text);
    // An error in between does no harm.
    EXPECT_FALSE(decompressor.Decompress("junk", &back[0], size).ok());
  }
}

TEST(Decompression, AHandmadeRawFrameIsAFrame) {
  // Single segment, content size of one byte.
  std::string back;
  ASSERT_THAT(Decompress(RawFrame(LittleEndian(0x0520, 2), "hello"), 5, &back),
              IsOk());
  EXPECT_EQ(back, "hello");
}

TEST(Decompression, NoBytesAreNoFrame) {
  EXPECT_THAT(Decompress("", 0), StatusIs(kInvalid));
  EXPECT_THAT(Decompress("", 5), StatusIs(kInvalid));
}

TEST(Decompression, JunkIsNoFrame) {
  EXPECT_THAT(Decompress("this is no frame", 16),
              StatusIs(kInvalid, HasSubstr("not a zstd frame")));
}

TEST(Decompression, TwoFramesAreRefused) {
  EXPECT_THAT(Decompress(Compress("abc") + Compress("def"), 6),
              StatusIs(kInvalid, HasSubstr("not exactly one zstd frame")));
  EXPECT_THAT(Decompress(Compress("abc") + Compress(""), 3),
              StatusIs(kInvalid));
}

TEST(Decompression, ASkippableFrameIsRefusedAnywhere) {
  const std::string skippable =
      LittleEndian(0x184d2a50, 4) + LittleEndian(3, 4) + "abc";
  EXPECT_THAT(Decompress(skippable, 0),
              StatusIs(kInvalid, HasSubstr("not a zstd frame")));
  EXPECT_THAT(Decompress(skippable + Compress("abc"), 3), StatusIs(kInvalid));
  EXPECT_THAT(Decompress(Compress("abc") + skippable, 3), StatusIs(kInvalid));
}

TEST(Decompression, FramesOfOldFormatsAreRefused) {
  for (uint32_t magic = 0xfd2fb522; magic < 0xfd2fb528; ++magic) {
    const std::string frame = LittleEndian(magic, 4) + std::string(20, '\0');
    EXPECT_THAT(Decompress(frame, 0), StatusIs(kInvalid)) << magic;
  }
}

TEST(Decompression, TrailingBytesAreRefused) {
  EXPECT_THAT(Decompress(Compress("abc") + "x", 3), StatusIs(kInvalid));
}

TEST(Decompression, EveryTruncationIsRefused) {
  const std::string frame = Compress(std::string(1000, 'x') + "end");
  for (size_t size = 0; size < frame.size(); ++size) {
    EXPECT_THAT(Decompress(frame.substr(0, size), 1003), StatusIs(kInvalid))
        << size;
  }
}

TEST(Decompression, AnotherSizeThanTheChunkHeadersIsRefused) {
  const std::string frame = Compress("hello");
  for (const size_t size : {0u, 4u, 6u, 1000000u}) {
    EXPECT_THAT(Decompress(frame, size),
                StatusIs(kInvalid, HasSubstr("does not declare")));
  }
}

TEST(Decompression, AFrameWithoutContentSizeIsRefused) {
  // A window descriptor and no content size.
  const std::string frame = RawFrame(LittleEndian(0x0000, 2), "hello");
  EXPECT_THAT(Decompress(frame, 5),
              StatusIs(kInvalid, HasSubstr("does not declare")));
}

TEST(Decompression, AFrameThatLiesAboutItsSizeIsRefused) {
  EXPECT_THAT(Decompress(RawFrame(LittleEndian(0x0620, 2), "hello"), 6),
              StatusIs(kInvalid));
  EXPECT_THAT(Decompress(RawFrame(LittleEndian(0x0420, 2), "hello"), 4),
              StatusIs(kInvalid));
}

TEST(Decompression, TheWindowIsBounded) {
  const auto frame = [](const std::string& window) {
    return RawFrame("\x80" + window + LittleEndian(5, 4), "hello");
  };
  // 2^31 bytes, and an eighth more.
  EXPECT_THAT(Decompress(frame("\xa8"), 5), IsOk());
  EXPECT_THAT(Decompress(frame("\xa9"), 5),
              StatusIs(kInvalid, HasSubstr("window of 2415919104 bytes")));
  EXPECT_THAT(Decompress(frame("\xff"), 5), StatusIs(kInvalid));
}

TEST(Decompression, AFrameThatNeedsADictionaryIsRefused) {
  // Single segment, dictionary id of one byte.
  EXPECT_THAT(Decompress(RawFrame(LittleEndian(0x05'07'21, 3), "hello"), 5),
              StatusIs(kInvalid));
}

TEST(Decompression, AHugeWindowCostsNoMemory) {
  // A window of 2 GiB and a content of 5 bytes: nothing is allocated for it.
  const std::string frame =
      RawFrame(LittleEndian(0xa880, 2) + LittleEndian(5, 4), "hello");
  std::string back;
  const absl::Status status = Decompress(frame, 5, &back);
  if (status.ok()) {
    EXPECT_EQ(back, "hello");
  }
}

TEST(Decompression, ABombStopsAtTheDeclaredSize) {
  std::string frame = Compress(std::string(1 << 20, '\0'));
  EXPECT_LT(frame.size(), 200u);
  EXPECT_THAT(Decompress(frame, 1000), StatusIs(kInvalid));
}

TEST(Decompression, EveryBitFlipIsRefusedOrDecompressesInBounds) {
  std::mt19937 random(1);
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>('a' + random() % 5);
  const std::string frame = Compress(text);
  for (size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string damaged = frame;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    Decompress(damaged, text.size()).IgnoreError();
  }
}

}  // namespace
}  // namespace devstate
