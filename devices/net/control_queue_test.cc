// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/net/control_queue.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "devstate/devices/net/net_features.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::net {
namespace {

using ::devices::net::v1::NetState;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kCtrlMacAddr = Bit(23);
constexpr uint64_t kFilters = kNetCtrlVq | kNetCtrlRx | kNetCtrlVlan;

// Returns "CLASS COMMAND DATA" of each command.
std::vector<std::string> Plan(const NetState& state) {
  std::vector<std::string> lines;
  for (const ControlCommand& command : PlanControlQueue(state).commands) {
    lines.push_back(absl::StrCat(command.command_class, " ", command.command,
                                 " ", absl::BytesToHexString(command.data)));
  }
  return lines;
}

TEST(ControlQueueTest, OrderIsThatOfQemu) {
  NetState state;
  state.set_acked_features(kFilters | kCtrlMacAddr | kNetMq | kNetGuestCsum |
                           kNetCtrlGuestOffloads);
  state.mutable_config()->set_mac("\x02\x01\x02\x03\x04\x05");
  state.mutable_mac_filter()->add_unicast("\x02\x01\x01\x01\x01\x01");
  state.mutable_mac_filter()->add_multicast("\x33\x33\x01\x01\x01\x01");
  state.mutable_receive_mode()->set_allmulti(true);
  state.mutable_vlan_filter()->add_vlan_ids(5);
  state.mutable_vlan_filter()->add_vlan_ids(4000);
  state.set_guest_offloads(0);
  state.set_active_queue_pairs(2);
  EXPECT_THAT(Plan(state),
              ElementsAre("1 1 020102030405",
                          "1 0 0100000002010101010101000000333301010101",
                          "4 0 0200", "5 0 0000000000000000", "0 0 00",
                          "0 1 01", "2 0 0500", "2 0 a00f"));
}

TEST(ControlQueueTest, WhatAResetLeavesIsNotSet) {
  NetState state;
  state.set_acked_features(kFilters | kNetGuestCsum | kNetCtrlGuestOffloads);
  state.mutable_receive_mode()->set_promisc(true);
  state.set_guest_offloads(kNetGuestCsum);
  EXPECT_THAT(Plan(state), IsEmpty());
  state.clear_receive_mode();
  state.set_promisc_after_reset(true);
  EXPECT_THAT(Plan(state), IsEmpty());
}

TEST(ControlQueueTest, OverflowOfTheFilterKeepsTheDevicePromiscuous) {
  NetState state;
  state.set_acked_features(kFilters);
  state.mutable_receive_mode();
  state.mutable_mac_filter()->set_unicast_overflow(true);
  state.mutable_mac_filter()->set_multicast_overflow(true);
  EXPECT_THAT(Plan(state), ElementsAre("0 1 01"));
}

TEST(ControlQueueTest, WhatWasNotNegotiatedIsNotSet) {
  NetState state;
  state.set_acked_features(kNetCtrlVq | kNetCtrlRx);
  state.mutable_config()->set_mac("\x02\x01\x02\x03\x04\x05");
  state.mutable_receive_mode()->set_promisc(true);
  state.mutable_receive_mode()->set_nobcast(true);
  state.mutable_vlan_filter()->add_vlan_ids(5);
  state.set_active_queue_pairs(2);
  EXPECT_THAT(Plan(state), IsEmpty());
}

TEST(ControlQueueTest, HashHasTheLayoutOfItsCommand) {
  NetState state;
  state.set_acked_features(kNetCtrlVq | kNetMq | kNetRss);
  auto& rss = *state.mutable_rss();
  rss.set_hash_types(0x3f);
  rss.set_key("KEY");
  rss.add_indirection_table(0);
  rss.add_indirection_table(1);
  rss.set_unclassified_queue(1);
  rss.set_max_tx_queues(2);
  EXPECT_THAT(Plan(state), ElementsAre("4 0 0100",
                                       "4 1 3f000000010001000000010002000"
                                       "34b4559"));
  state.set_acked_features(kNetCtrlVq | kNetMq | kNetHashReport);
  state.clear_rss();
  state.mutable_hash()->set_hash_types(1);
  state.mutable_hash()->set_key("KEY");
  EXPECT_THAT(Plan(state),
              ElementsAre("4 0 0100", "4 2 010000000000000000000000034b4559"));
}

TEST(ControlQueueTest, WhatNoCommandSetsIsListed) {
  NetState state;
  state.set_acked_features(kNetCtrlVq | kNetRss);
  state.mutable_rss();
  state.mutable_coalescing();
  state.mutable_announce()->set_pending(true);
  state.add_inflight();
  const std::vector<std::string> left_out = PlanControlQueue(state).left_out;
  EXPECT_EQ(left_out.size(), 4u);
  EXPECT_THAT(left_out, Contains(HasSubstr("coalescing")));
  EXPECT_THAT(left_out, Contains(HasSubstr("in flight")));
}

}  // namespace
}  // namespace devstate::net
