// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/mem/check_mem.h"

#include <cstdint>

#include "devices/mem/v1/mem.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckMemTest
    : public testing::DeviceCheckTest<::devices::mem::v1::MemState> {
 protected:
  CheckMemTest() : DeviceCheckTest(MemType(), "mem") {}
};

TEST_F(CheckMemTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckMemTest, AddressIsOfWholeBlocks) {
  state_.mutable_config()->set_addr(0x140001000);
  EXPECT_THAT(Check(), Breaks("mem-alignment", "config.addr"));
}

TEST_F(CheckMemTest, RequestedSizeIsOfWholeBlocks) {
  state_.mutable_config()->set_requested_size(4096);
  EXPECT_THAT(Check(), Breaks("mem-alignment", "config.requested_size"));
}

TEST_F(CheckMemTest, RegionAboveAllAddressesIsRefused) {
  state_.mutable_config()->set_addr(0xffffffffffe00000);
  EXPECT_THAT(Check(), Breaks("mem-size", "config.region_size"));
}

TEST_F(CheckMemTest, RequestedSizeIsWithinTheRegion) {
  state_.mutable_config()->set_requested_size(uint64_t{2} << 30);
  EXPECT_THAT(Check(), Breaks("mem-size", "config.requested_size"));
}

TEST_F(CheckMemTest, UsableSizeIsWithinTheRegion) {
  state_.mutable_config()->set_usable_region_size(uint64_t{2} << 30);
  EXPECT_THAT(Check(), Breaks("mem-size", "config.usable_region_size"));
}

TEST_F(CheckMemTest, PluggedSizeIsThatOfTheBlocks) {
  state_.mutable_config()->set_plugged_size(2097152);
  EXPECT_THAT(Check(), Breaks("mem-size", "config.plugged_size"));
}

TEST_F(CheckMemTest, RangesDoNotTouch) {
  state_.mutable_plugged(1)->set_first(4);
  EXPECT_THAT(Check(), Breaks("mem-blocks", "plugged[1].first"));
}

TEST_F(CheckMemTest, RangesAscend) {
  state_.mutable_plugged()->SwapElements(0, 1);
  EXPECT_THAT(Check(), Breaks("mem-blocks", "plugged[1].first"));
}

TEST_F(CheckMemTest, BlocksAreWithinTheUsableRegion) {
  state_.mutable_plugged(1)->set_first(255);
  EXPECT_THAT(Check(), Breaks("mem-blocks", "plugged[1]"));
}

TEST_F(CheckMemTest, NumberOfBlocksMayBeAnything) {
  state_.mutable_plugged(1)->set_count(UINT64_MAX);
  EXPECT_THAT(Check(), Breaks("mem-blocks", "plugged[1]"));
}

}  // namespace
}  // namespace devstate
