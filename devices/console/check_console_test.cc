// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/console/check_console.h"

#include <cstdint>

#include "devices/console/v1/console.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckConsoleTest
    : public testing::DeviceCheckTest<::devices::console::v1::ConsoleState> {
 protected:
  CheckConsoleTest() : DeviceCheckTest(ConsoleType(), "console") {}
};

TEST_F(CheckConsoleTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckConsoleTest, NumberOfPortsIsRequired) {
  state_.mutable_config()->clear_max_nr_ports();
  EXPECT_THAT(Check(), Breaks("console-max-ports", "config.max_nr_ports"));
}

TEST_F(CheckConsoleTest, PortBeyondTheirNumberIsRefused) {
  state_.mutable_ports(1)->set_id(2);
  EXPECT_THAT(Check(), Breaks("console-port-id", "ports[1].id"));
}

TEST_F(CheckConsoleTest, SecondPortNeedsMultiport) {
  state_.set_acked_features(uint64_t{1} << 32);
  EXPECT_THAT(Check(), Breaks("console-port-id", "ports[1].id"));
}

TEST_F(CheckConsoleTest, OpenPortIsReady) {
  state_.mutable_ports(0)->set_ready(false);
  EXPECT_THAT(Check(), Breaks("console-port-ready", "ports[0].guest_open"));
}

TEST_F(CheckConsoleTest, DataInAPortThatTheGuestHasClosedIsRefused) {
  state_.mutable_ports(0)->set_guest_open(false);
  EXPECT_THAT(Check(), Breaks("console-port-closed", "ports[0]"));
}

TEST_F(CheckConsoleTest, DataInAPortThatTheHostHasClosedIsRefused) {
  state_.mutable_ports(0)->set_host_open(false);
  EXPECT_THAT(Check(), Breaks("console-port-closed", "ports[0]"));
}

TEST_F(CheckConsoleTest, MessageOfAnUnknownPortIsRefused) {
  state_.mutable_control_messages(0)->set_port(9);
  EXPECT_THAT(Check(), Breaks("console-control", "control_messages[0].port"));
}

TEST_F(CheckConsoleTest, OpenIsYesOrNo) {
  state_.mutable_control_messages(0)->set_value(2);
  EXPECT_THAT(Check(), Breaks("console-control", "control_messages[0].value"));
}

TEST_F(CheckConsoleTest, DataToTheGuestIsContiguous) {
  state_.mutable_to_guest(1)->set_offset(2);
  EXPECT_THAT(Check(), Breaks("piece-order", "to_guest[1]"));
}

TEST_F(CheckConsoleTest, DataOfTheGuestIsWhole) {
  state_.mutable_from_guest()->Clear();
  EXPECT_THAT(Check(), Breaks("piece-size", "from_guest"));
}

TEST_F(CheckConsoleTest, RequestInAReceiveQueueIsRefused) {
  *state_.add_inflight() = ::devices::virtio::v1::InflightRequest();
  EXPECT_THAT(Check(), Breaks("request-ring", "inflight[0]"));
}

TEST_F(CheckConsoleTest, ParkedBufferOfATransmitQueueIsRefused) {
  state_.mutable_parked(0)->set_vring(3);
  EXPECT_THAT(Check(), Breaks("request-ring", "parked[0]"));
}

TEST_F(CheckConsoleTest, RemovalOfAPortThatIsGoneIsAccepted) {
  state_.mutable_control_messages(0)->set_port(9);
  state_.mutable_control_messages(0)->set_event(2);
  EXPECT_THAT(Check(), BreaksNothing());
}

}  // namespace
}  // namespace devstate
