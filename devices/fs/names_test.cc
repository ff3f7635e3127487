// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/fs/names.h"

#include <string>

#include "gtest/gtest.h"

namespace devstate::fs {
namespace {

TEST(NamesTest, OrdinaryNamesAreAccepted) {
  for (const absl::string_view name : {"a", "...", "..a", ".hidden", "a b\n"}) {
    EXPECT_EQ(WrongName(name), "") << Quote(name);
  }
  EXPECT_EQ(WrongName(std::string(kMaxName, 'n')), "");
}

TEST(NamesTest, NamesThatLeaveTheirDirectoryAreWrong) {
  EXPECT_EQ(WrongName(""), "is empty");
  EXPECT_EQ(WrongName("."), "is a way through the tree");
  EXPECT_EQ(WrongName(".."), "is a way through the tree");
  EXPECT_EQ(WrongName("../../etc/passwd"), "contains a '/'");
  EXPECT_EQ(WrongName("a/"), "contains a '/'");
  EXPECT_EQ(WrongName(absl::string_view("a\0b", 3)), "contains a NUL");
  EXPECT_EQ(WrongName(std::string(kMaxName + 1, 'n')),
            "is longer than 255 bytes");
  EXPECT_EQ(WrongName("\xff"), "is not UTF-8");
}

TEST(NamesTest, PathsStayBeneathTheSharedDirectory) {
  for (const absl::string_view path : {".", "a/b", "a/..b/c", "a//b"}) {
    EXPECT_EQ(WrongPath(path), "") << Quote(path);
  }
  EXPECT_EQ(WrongPath(""), "is empty");
  EXPECT_EQ(WrongPath("/etc"), "is absolute");
  EXPECT_EQ(WrongPath("a/../../etc"),
            "leaves the shared directory with \"..\"");
  EXPECT_EQ(WrongPath(absl::string_view("a\0b", 3)), "contains a NUL");
  EXPECT_EQ(WrongPath(std::string(kMaxPath + 1, 'p')),
            "is longer than 4096 bytes");
  EXPECT_EQ(WrongPath("a/\xff"), "is not UTF-8");
}

TEST(NamesTest, QuotedNamesFitOnOneLine) {
  EXPECT_EQ(Quote("\xc3\xa4"), "\"\xc3\xa4\"");
  EXPECT_EQ(Quote("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(Quote("a\xff"), "\"a\\xff\"");
}

}  // namespace
}  // namespace devstate::fs
