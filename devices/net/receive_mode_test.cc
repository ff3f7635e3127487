// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/net/receive_mode.h"

#include "devstate/devices/net/net_features.h"
#include "gtest/gtest.h"

namespace devstate::net {
namespace {

::devices::net::v1::NetState NegotiatedState() {
  ::devices::net::v1::NetState state;
  state.set_acked_features(kNetCtrlVq | kNetCtrlRx);
  return state;
}

TEST(ReceiveModeTest, ModeOfTheStateCounts) {
  auto state = NegotiatedState();
  state.mutable_receive_mode()->set_allmulti(true);
  state.set_promisc_after_reset(true);
  const auto mode = ReceiveModeOf(state);
  ASSERT_TRUE(mode.has_value());
  EXPECT_TRUE(mode->allmulti());
  EXPECT_FALSE(mode->promisc());
}

TEST(ReceiveModeTest, AbsentModeIsThatAfterAReset) {
  auto state = NegotiatedState();
  state.set_promisc_after_reset(true);
  const auto mode = ReceiveModeOf(state);
  ASSERT_TRUE(mode.has_value());
  EXPECT_TRUE(mode->promisc());
  EXPECT_FALSE(mode->allmulti());
}

TEST(ReceiveModeTest, AbsentModeWithoutThatIsNone) {
  auto state = NegotiatedState();
  EXPECT_FALSE(ReceiveModeOf(state).has_value());
  state.set_promisc_after_reset(false);
  EXPECT_FALSE(ReceiveModeOf(state).has_value());
}

TEST(ReceiveModeTest, DeviceWithoutTheFeatureHasNone) {
  ::devices::net::v1::NetState state;
  state.set_promisc_after_reset(true);
  EXPECT_FALSE(ReceiveModeOf(state).has_value());
}

}  // namespace
}  // namespace devstate::net
