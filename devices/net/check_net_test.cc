// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The rules themselves have their tests in check_model_test.cc and
// check_rings_test.cc.

#include "devstate/devices/net/check_net.h"

#include <cstdint>

#include "devices/net/v1/net.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckNetTest
    : public testing::DeviceCheckTest<::devices::net::v1::NetState> {
 protected:
  CheckNetTest() : DeviceCheckTest(NetType(), "net") {}
};

TEST_F(CheckNetTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckNetTest, FeaturesOfNoExampleAreAccepted) {
  // VIRTIO_NET_F_CSUM and VIRTIO_NET_F_HOST_TSO4.
  state_.set_acked_features(state_.acked_features() | 1 | 1 << 11);
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckNetTest, AddressOfAnotherSizeIsRefused) {
  state_.mutable_config()->set_mac("12345");
  EXPECT_THAT(Check(), Breaks("net-state", ""));
}

TEST_F(CheckNetTest, MulticastAddressAmongUnicastOnesIsRefused) {
  state_.mutable_mac_filter()->add_unicast("\x03\x01\x01\x01\x01\x01");
  EXPECT_THAT(Check(), Breaks("net-state", ""));
}

TEST_F(CheckNetTest, SettingWithoutItsFeatureIsRefused) {
  state_.set_acked_features(state_.acked_features() & ~(uint64_t{1} << 18));
  EXPECT_THAT(Check(), Breaks("feature-not-negotiated", "mac_filter"));
}

TEST_F(CheckNetTest, ReceiveModeThatIsNotSaidIsRefused) {
  state_.clear_receive_mode();
  state_.clear_promisc_after_reset();
  EXPECT_THAT(Check(), Breaks("net-receive-mode", "receive_mode"));
  state_.set_promisc_after_reset(false);
  EXPECT_THAT(Check(), Breaks("net-receive-mode", "receive_mode"));
  state_.set_promisc_after_reset(true);
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckNetTest, ReceiveModeThatNoDriverCanSetIsNotNeeded) {
  state_.set_acked_features(state_.acked_features() & ~(uint64_t{1} << 18));
  state_.clear_mac_filter();
  state_.clear_receive_mode();
  state_.clear_promisc_after_reset();
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckNetTest, RequestThatIsMissingIsRefused) {
  ASSERT_NE(state_.inflight_size(), 0);
  state_.mutable_inflight()->RemoveLast();
  EXPECT_THAT(Check(), Breaks("net-state", ""));
}

TEST_F(CheckNetTest, CoalescingOfNoQueueIsRefused) {
  state_.add_queue_coalescing()->set_vring(999);
  EXPECT_THAT(Check(), Breaks("net-state", ""));
}

}  // namespace
}  // namespace devstate
