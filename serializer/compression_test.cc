// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/compression.h"

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

TEST(Compression, ParsesItsWords) {
  EXPECT_EQ(Compression::Parse("automatic")->mode,
            Compression::Mode::kAutomatic);
  EXPECT_EQ(Compression::Parse("raw")->mode, Compression::Mode::kRaw);
  EXPECT_EQ(Compression::Parse("zstd")->level, 1);
  EXPECT_EQ(Compression::Parse("zstd:19")->level, 19);
  EXPECT_EQ(Compression::Parse("zstd:-5")->level, -5);
}

TEST(Compression, RefusesOtherWordsAndNamesTheValidOnes) {
  for (const char* text :
       {"", "gzip", "zstd:", "zstd:x", "zstd:23", "zstd:99999999999", "zstd:1x",
        "Raw", "raw ", "zstd:-999999999"}) {
    EXPECT_THAT(Compression::Parse(text),
                StatusIs(kInvalid, HasSubstr("expected automatic, raw, zstd")))
        << text;
  }
}

}  // namespace
}  // namespace devstate
