// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/names.h"

#include <sys/stat.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

TEST(NamesTest, WellFormedUtf8OfEveryLengthIsAccepted) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\x7f"));
  EXPECT_TRUE(IsUtf8("\xc2\x80\xdf\xbf"));
  EXPECT_TRUE(IsUtf8("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"));
  EXPECT_TRUE(IsUtf8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
}

TEST(NamesTest, MalformedUtf8IsFound) {
  for (const absl::string_view text :
       {"\x80", "\xff", "\xc2", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xe2\x82(", "ok\xfe"}) {
    EXPECT_FALSE(IsUtf8(text)) << Quote(text);
  }
}

TEST(NamesTest, OrdinaryNamesAreAccepted) {
  for (const absl::string_view name : {"a", "...", "..a", ".hidden", "a b\n"}) {
    EXPECT_THAT(CheckName(name), IsOk()) << Quote(name);
  }
}

TEST(NamesTest, NamesThatLeaveTheirDirectoryAreRefused) {
  const absl::string_view with_nul("a\0b", 3);
  for (const absl::string_view name :
       {absl::string_view(""), absl::string_view("."), absl::string_view(".."),
        absl::string_view("../../etc/passwd"), absl::string_view("/etc"),
        absl::string_view("a/"), with_nul, absl::string_view("\xff")}) {
    EXPECT_THAT(CheckName(name),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("name")))
        << Quote(name);
  }
}

TEST(NamesTest, QuotedNamesFitOnOneLine) {
  EXPECT_EQ(Quote("\xc3\xa4"), "\"\xc3\xa4\"");
  EXPECT_EQ(Quote("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(Quote("a\xff"), "\"a\\xff\"");
}

TEST(NamesTest, TypesHaveNames) {
  EXPECT_EQ(TypeName(S_IFDIR | 0755), "directory");
  EXPECT_EQ(TypeName(S_IFIFO), "FIFO");
  EXPECT_EQ(TypeName(0), "thing of unknown type");
}

}  // namespace
}  // namespace devstate::examples
