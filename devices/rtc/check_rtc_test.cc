// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/rtc/check_rtc.h"

#include <cstdint>

#include "devices/rtc/v1/rtc.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckRtcTest
    : public testing::DeviceCheckTest<::devices::rtc::v1::RtcState> {
 protected:
  CheckRtcTest() : DeviceCheckTest(RtcType(), "rtc") {}
};

TEST_F(CheckRtcTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckRtcTest, ClocksAreNumberedFromZero) {
  state_.mutable_clocks(1)->set_id(2);
  EXPECT_THAT(Check(), Breaks("rtc-clock", "clocks[1].id"));
}

TEST_F(CheckRtcTest, AlarmThatWaitsNextToABufferIsRefused) {
  state_.mutable_clocks(0)->mutable_alarm()->set_pending(true);
  EXPECT_THAT(Check(), Breaks("rtc-alarm", "clocks[0].alarm.pending"));
}

TEST_F(CheckRtcTest, AlarmNeedsItsFeature) {
  state_.set_acked_features(uint64_t{1} << 32);
  EXPECT_THAT(Check(), Breaks("feature-not-negotiated", "clocks[0].alarm"));
}

TEST_F(CheckRtcTest, AlarmQueueNeedsItsFeature) {
  state_.set_acked_features(uint64_t{1} << 32);
  EXPECT_THAT(Check(), Breaks("ring-index", "vrings[1]"));
}

TEST_F(CheckRtcTest, ParkedRequestIsRefused) {
  state_.mutable_parked(0)->set_vring(0);
  EXPECT_THAT(Check(), Breaks("request-ring", "parked[0]"));
}

}  // namespace
}  // namespace devstate
