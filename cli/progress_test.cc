// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/progress.h"

#include "gtest/gtest.h"

namespace devstate {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

TEST(ProgressTextTest, AmountAndRateAreInFittingUnits) {
  EXPECT_EQ(ProgressText("saving", 1023, std::nullopt, absl::Seconds(1)),
            "saving  1023 B  1023 B/s");
  EXPECT_EQ(ProgressText("saving", 5 * kMiB / 2, std::nullopt,
                         absl::Milliseconds(500)),
            "saving  2.5 MiB  5.0 MiB/s");
}

TEST(ProgressTextTest, PercentComesOnlyWithATotalAndEndsAtHundred) {
  EXPECT_EQ(ProgressText("loading", kMiB, 4 * kMiB, absl::Seconds(1)),
            "loading  1.0 MiB  1.0 MiB/s  25 %");
  EXPECT_EQ(ProgressText("loading", 5 * kMiB, 4 * kMiB, absl::Seconds(1)),
            "loading  5.0 MiB  5.0 MiB/s  100 %");
  EXPECT_EQ(ProgressText("loading", 0, 0, absl::Seconds(1)),
            "loading  0 B  0 B/s");
}

TEST(ProgressTextTest, NoTimePassedIsNoRate) {
  EXPECT_EQ(ProgressText("saving", 10, std::nullopt, absl::ZeroDuration()),
            "saving  10 B");
}

}  // namespace
}  // namespace devstate
