// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/postcard_reader.h"

#include <string>

#include "devstate/foreign/states/virtiofsd/test_states.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::virtiofsd::testing {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSource;
using ::testing::HasSubstr;

// Reads `bytes` with `read`, which may look at the value, one byte at a time
// and all at once, and returns the status with End().
template <typename Read>
absl::Status ReadAll(const std::string& bytes, Read read) {
  absl::Status statuses[2];
  for (const size_t i : {0, 1}) {
    StringSource source(bytes, i == 0 ? 1 : SIZE_MAX);
    PostcardReader reader(&source);
    read(reader);
    reader.End();
    statuses[i] = reader.status();
  }
  EXPECT_EQ(statuses[0], statuses[1]);
  return statuses[0];
}

absl::Status ReadU64(const std::string& bytes, uint64_t expected = 0) {
  return ReadAll(bytes, [&](PostcardReader& reader) {
    EXPECT_EQ(reader.U64("it"), expected);
  });
}

TEST(PostcardReaderTest, VarintsHaveUpTo64Bits) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{16383},
        uint64_t{16384}, uint64_t{1} << 63, UINT64_MAX}) {
    EXPECT_THAT(ReadU64(Varint(value), value), IsOk());
  }
}

TEST(PostcardReaderTest, VarintBeyond64BitsIsRefused) {
  EXPECT_THAT(ReadU64(std::string(9, '\xff') + "\x02"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("more than 64 bits")));
  EXPECT_THAT(ReadU64(std::string(10, '\xff') + "\x01"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PostcardReaderTest, VarintOfMoreBytesThanItNeedsIsRefused) {
  for (const std::string& bytes :
       {std::string("\x80\x00", 2), std::string("\x85\x80\x00", 3)}) {
    EXPECT_THAT(
        ReadU64(bytes),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 HasSubstr("offset 0x0: it is a varint of more bytes")));
  }
}

TEST(PostcardReaderTest, SignedNumbersAreZigzagOf32Bits) {
  for (const int32_t value : {0, -1, 1, INT32_MIN, INT32_MAX, 0100000}) {
    EXPECT_THAT(ReadAll(Zigzag(value),
                        [&](PostcardReader& reader) {
                          EXPECT_EQ(reader.I32("it"), value);
                        }),
                IsOk());
  }
  EXPECT_THAT(ReadAll(Varint(uint64_t{1} << 32),
                      [](PostcardReader& reader) { reader.I32("it"); }),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("expected at most 4294967295")));
}

TEST(PostcardReaderTest, BoolIsZeroOrOne) {
  for (const bool value : {false, true}) {
    EXPECT_THAT(ReadAll(Varint(value ? 1 : 0),
                        [&](PostcardReader& reader) {
                          EXPECT_EQ(reader.Bool("it"), value);
                        }),
                IsOk());
  }
  for (const char* bytes : {"\x02", "\xff", "\x81"}) {
    EXPECT_THAT(
        ReadAll(bytes, [](PostcardReader& reader) { reader.Bool("it"); }),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 HasSubstr("expected 0 or 1")));
  }
}

TEST(PostcardReaderTest, VariantsThatDoNotExistAreRefused) {
  EXPECT_THAT(
      ReadAll("\x05", [](PostcardReader& reader) { reader.Variant("it", 5); }),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("it is variant 5, expected 0 to 4")));
}

TEST(PostcardReaderTest, TextIsReadAcrossBuffers) {
  const std::string text(200000, 'x');
  EXPECT_THAT(ReadAll(Text(text),
                      [&](PostcardReader& reader) {
                        std::string value;
                        reader.String("it", text.size(), &value);
                        EXPECT_EQ(value, text);
                      }),
              IsOk());
}

TEST(PostcardReaderTest, TextBeyondTheLimitIsRefusedUnread) {
  EXPECT_EQ(ReasonOf(ReadAll(Text("abc"),
                             [](PostcardReader& reader) {
                               std::string value;
                               reader.Bytes("it", 2, &value);
                             })),
            ERROR_REASON_LIMIT);
}

TEST(PostcardReaderTest, FirstErrorStays) {
  StringSource source(std::string("\x02\x01", 2));
  PostcardReader reader(&source);
  reader.Bool("first");
  const absl::Status first = reader.status();
  EXPECT_EQ(reader.U64("second"), 0u);
  EXPECT_EQ(reader.status(), first);
  EXPECT_THAT(first, StatusIs(absl::StatusCode::kInvalidArgument,
                              HasSubstr("first is 0x02")));
}

TEST(PostcardReaderTest, EndWithinAValueNamesIt) {
  EXPECT_THAT(ReadU64("\x80"), StatusIs(absl::StatusCode::kDataLoss,
                                        HasSubstr("ends within it")));
  EXPECT_THAT(ReadU64(""), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace devstate::virtiofsd::testing
