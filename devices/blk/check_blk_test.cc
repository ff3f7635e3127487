// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/blk/check_blk.h"

#include <cstdint>

#include "devices/blk/v1/blk.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckBlkTest
    : public testing::DeviceCheckTest<::devices::blk::v1::BlkState> {
 protected:
  CheckBlkTest() : DeviceCheckTest(BlkType(), "blk") {}
};

TEST_F(CheckBlkTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckBlkTest, CacheModeThatTheDriverCanSetIsRequired) {
  state_.mutable_config()->clear_writeback();
  EXPECT_THAT(Check(), Breaks("blk-writeback", "config.writeback"));
}

TEST_F(CheckBlkTest, QueueBeyondTheirNumberIsRefused) {
  state_.mutable_vrings(1)->set_index(2);
  EXPECT_THAT(Check(), Breaks("ring-index", "vrings[1]"));
}

TEST_F(CheckBlkTest, MissingRequestIsRefused) {
  state_.mutable_inflight()->RemoveLast();
  EXPECT_THAT(Check(), Breaks("ring-count", "vrings[0]"));
}

}  // namespace
}  // namespace devstate
