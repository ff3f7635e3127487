// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/quirks.h"

#include "gtest/gtest.h"

namespace devstate {
namespace {

TEST(CompareVersionsTest, NumbersAreComparedAsNumbers) {
  EXPECT_LT(CompareVersions("1.9", "1.13"), 0);
  EXPECT_GT(CompareVersions("1.13.2", "1.13"), 0);
  EXPECT_EQ(CompareVersions("2.0", "2.0"), 0);
  EXPECT_EQ(CompareVersions("01", "1"), 0);
  EXPECT_LT(CompareVersions("", "1"), 0);
  EXPECT_LT(CompareVersions("1.0-rc1", "1.0-rc2"), 0);
  EXPECT_LT(CompareVersions("99999999999999999998", "99999999999999999999"), 0);
}

TEST(AppliesTest, NameVersionsAndFingerprintMustMatch) {
  StreamHeader header;
  header.writer.name = "acme";
  header.writer.version = "1.9";
  header.fingerprint = "f";
  Quirk quirk;
  quirk.implementation = "acme";
  EXPECT_TRUE(Applies(quirk, header));
  quirk.first_version = "1.9";
  quirk.last_version = "1.9";
  quirk.fingerprint = "f";
  EXPECT_TRUE(Applies(quirk, header));
  quirk.first_version = "1.10";
  EXPECT_FALSE(Applies(quirk, header));
  quirk.first_version = "";
  quirk.last_version = "1.8";
  EXPECT_FALSE(Applies(quirk, header));
  quirk.last_version = "";
  quirk.fingerprint = "g";
  EXPECT_FALSE(Applies(quirk, header));
  quirk.fingerprint = "";
  quirk.implementation = "other";
  EXPECT_FALSE(Applies(quirk, header));
}

}  // namespace
}  // namespace devstate
