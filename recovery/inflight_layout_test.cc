// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/inflight_layout.h"

#include "gtest/gtest.h"

namespace devstate::recovery {
namespace {

uint64_t Align64(uint64_t bytes) { return (bytes + 63) / 64 * 64; }

TEST(InflightLayoutTest, MembersLieWhereTheTextHasThem) {
  EXPECT_EQ(offsetof(SplitInflightHeader, last_batch_head), 12u);
  EXPECT_EQ(offsetof(SplitInflightHeader, used_idx), 14u);
  EXPECT_EQ(offsetof(SplitInflightEntry, next), 6u);
  EXPECT_EQ(offsetof(SplitInflightEntry, counter), 8u);
  EXPECT_EQ(offsetof(PackedInflightHeader, heads), 8u);
  EXPECT_EQ(offsetof(PackedInflightHeader, used), 16u);
  EXPECT_EQ(offsetof(PackedInflightUsed, old_used_wrap_counter), 5u);
  EXPECT_EQ(offsetof(PackedInflightEntry, counter), 8u);
  EXPECT_EQ(offsetof(PackedInflightEntry, addr), 24u);
}

// libvhost-user forgets most of the header, and DPDK its alignment. The
// rounding hides both.
TEST(InflightLayoutTest, StridesAreThoseOfLibvhostUserAndDpdk) {
  for (uint32_t size = 1; size <= 32768; ++size) {
    ASSERT_EQ(InflightStride(false, size), Align64(16 * uint64_t{size} + 2));
    ASSERT_EQ(InflightStride(true, size), Align64(32 * uint64_t{size} + 29));
  }
}

TEST(InflightLayoutTest, SizesAreThoseThatBackEndsSend) {
  EXPECT_EQ(InflightStride(false, 128), 2112u);
  EXPECT_EQ(4 * InflightStride(false, 128), 8448u);
  EXPECT_EQ(4 * InflightStride(false, 256), 16640u);
  EXPECT_EQ(InflightStride(false, 1024), 16448u);
  EXPECT_EQ(InflightStride(false, 3), 64u);
}

}  // namespace
}  // namespace devstate::recovery
