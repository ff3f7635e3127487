// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/balloon/check_balloon.h"

#include <cstdint>

#include "devices/balloon/v1/balloon.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckBalloonTest
    : public testing::DeviceCheckTest<::devices::balloon::v1::BalloonState> {
 protected:
  CheckBalloonTest() : DeviceCheckTest(BalloonType(), "balloon") {}
};

TEST_F(CheckBalloonTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckBalloonTest, SecondBufferForStatisticsIsRefused) {
  auto& more = *state_.add_parked();
  more = state_.parked(0);
  more.set_head(1);
  more.set_sequence(8);
  EXPECT_THAT(Check(), Breaks("balloon-statistics-buffer", "parked"));
}

TEST_F(CheckBalloonTest, HintIdOfAnotherRequestIsRefused) {
  state_.mutable_free_page_hint()->set_cmd_id(0x80000002);
  EXPECT_THAT(Check(), Breaks("balloon-hint", "config.free_page_hint_cmd_id"));
}

TEST_F(CheckBalloonTest, HintIdAfterTheEndIsOne) {
  state_.mutable_free_page_hint()->set_status(
      ::devices::balloon::v1::FreePageHint::STATUS_DONE);
  EXPECT_THAT(Check(), Breaks("balloon-hint", "config.free_page_hint_cmd_id"));
}

TEST_F(CheckBalloonTest, HintIdOfAStoppedRequestIsZero) {
  state_.mutable_free_page_hint()->set_status(
      ::devices::balloon::v1::FreePageHint::STATUS_STOPPED);
  EXPECT_THAT(Check(), Breaks("balloon-hint", "config.free_page_hint_cmd_id"));
}

TEST_F(CheckBalloonTest, HintIdBelowThoseOfRequestsIsRefused) {
  state_.mutable_free_page_hint()->set_cmd_id(2);
  EXPECT_THAT(Check(), Breaks("balloon-hint", "free_page_hint.cmd_id"));
}

TEST_F(CheckBalloonTest, StatisticsNeedTheirFeature) {
  state_.set_acked_features(state_.acked_features() & ~uint64_t{2});
  EXPECT_THAT(Check(), Breaks("feature-not-negotiated", "statistics"));
}

TEST_F(CheckBalloonTest, BufferOfTheInflateQueueIsNotParked) {
  state_.mutable_parked(0)->set_vring(0);
  EXPECT_THAT(Check(), Breaks("request-ring", "parked[0]"));
}

}  // namespace
}  // namespace devstate
