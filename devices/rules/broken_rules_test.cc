// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/rules/broken_rules.h"

#include "gtest/gtest.h"

namespace devstate {
namespace {

constexpr DeviceRule kRule = {"a-rule", "It is broken.", "Mend it."};

TEST(BrokenRulesTest, NothingBrokenIsOk) {
  EXPECT_TRUE(BrokenRules().empty());
  EXPECT_TRUE(BrokenRules().ToStatus().ok());
}

TEST(BrokenRulesTest, StatusHasPlaceRuleAndRemedy) {
  BrokenRules broken;
  broken.Add(kRule, PlaceOf("lines", 3), "it has ", 2);
  EXPECT_EQ(broken.ToStatus(), absl::InvalidArgumentError(
                                   "lines[3]: it has 2 [a-rule]: Mend it."));
}

TEST(BrokenRulesTest, StatusCountsThePlaces) {
  BrokenRules broken;
  broken.Add(kRule, "", "first");
  broken.Add(kRule, "", "second");
  EXPECT_EQ(broken.ToStatus().message(),
            "first [a-rule]: Mend it. (2 places in all)");
}

TEST(BrokenRulesTest, NoMoreThanTheLimitAreKept) {
  BrokenRules broken;
  for (size_t i = 0; i <= BrokenRules::kMaxKept; ++i) {
    broken.Add(kRule, "", i);
  }
  EXPECT_EQ(broken.count(), BrokenRules::kMaxKept + 1);
  EXPECT_EQ(broken.kept().size(), BrokenRules::kMaxKept);
}

}  // namespace
}  // namespace devstate
