// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/input/check_input.h"

#include <cstdint>

#include "devices/input/v1/input.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckInputTest
    : public testing::DeviceCheckTest<::devices::input::v1::InputState> {
 protected:
  CheckInputTest() : DeviceCheckTest(InputType(), "input") {}
};

TEST_F(CheckInputTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckInputTest, PacketEndsWithItsReport) {
  state_.mutable_events()->RemoveLast();
  EXPECT_THAT(Check(), Breaks("input-packet", "events[0]"));
}

TEST_F(CheckInputTest, KeyIsDownOnce) {
  state_.add_keys_down(42);
  EXPECT_THAT(Check(), Breaks("input-twice", "keys_down[2]"));
}

TEST_F(CheckInputTest, LedIsOnOnce) {
  state_.add_leds_on(1);
  EXPECT_THAT(Check(), Breaks("input-twice", "leds_on[1]"));
}

TEST_F(CheckInputTest, ParkedStatusBufferIsRefused) {
  state_.mutable_parked(0)->set_vring(1);
  EXPECT_THAT(Check(), Breaks("request-ring", "parked[0]"));
}

}  // namespace
}  // namespace devstate
