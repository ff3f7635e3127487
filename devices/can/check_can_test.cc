// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/can/check_can.h"

#include <cstdint>

#include "devices/can/v1/can.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckCanTest
    : public testing::DeviceCheckTest<::devices::can::v1::CanState> {
 protected:
  CheckCanTest() : DeviceCheckTest(CanType(), "can") {}
};

TEST_F(CheckCanTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckCanTest, FdFrameNeedsItsFeature) {
  state_.set_acked_features(uint64_t{1} << 32 | 5);
  EXPECT_THAT(Check(), Breaks("can-frame-kind", "received[3].flags"));
}

TEST_F(CheckCanTest, ClassicFrameNeedsItsFeature) {
  state_.set_acked_features(uint64_t{1} << 32 | 6);
  EXPECT_THAT(Check(), Breaks("can-frame-kind", "received[0].flags"));
}

TEST_F(CheckCanTest, RemoteRequestNeedsItsFeature) {
  state_.set_acked_features(uint64_t{1} << 32 | 3);
  EXPECT_THAT(Check(), Breaks("can-frame-kind", "received[2].flags"));
}

TEST_F(CheckCanTest, StandardIdHas11Bits) {
  state_.mutable_received(0)->set_can_id(0x800);
  EXPECT_THAT(Check(), Breaks("can-id", "received[0].can_id"));
}

TEST_F(CheckCanTest, ClassicFrameHas8Bytes) {
  state_.mutable_received(0)->set_length(9);
  EXPECT_THAT(Check(), Breaks("can-length", "received[0].length"));
}

TEST_F(CheckCanTest, FdFrameHasOneOfTheLengths) {
  state_.mutable_received(3)->set_length(13);
  EXPECT_THAT(Check(), Breaks("can-length", "received[3].length"));
}

TEST_F(CheckCanTest, DataIsAsLongAsTheFrameSays) {
  state_.mutable_received(0)->set_data("1");
  EXPECT_THAT(Check(), Breaks("can-data", "received[0].data"));
}

TEST_F(CheckCanTest, RemoteRequestHasNoData) {
  state_.mutable_received(2)->set_data("data");
  EXPECT_THAT(Check(), Breaks("can-data", "received[2].data"));
}

TEST_F(CheckCanTest, RequestInTheReceiveQueueIsRefused) {
  state_.mutable_inflight(0)->set_vring(1);
  EXPECT_THAT(Check(), Breaks("request-ring", "inflight[0]"));
}

}  // namespace
}  // namespace devstate
