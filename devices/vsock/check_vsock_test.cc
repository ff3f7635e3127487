// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/vsock/check_vsock.h"

#include <cstdint>

#include "devices/vsock/v1/vsock.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckVsockTest
    : public testing::DeviceCheckTest<::devices::vsock::v1::VsockState> {
 protected:
  CheckVsockTest() : DeviceCheckTest(VsockType(), "vsock") {}
};

TEST_F(CheckVsockTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckVsockTest, MoreThanTheGuestHasRoomForIsRefused) {
  auto& credit = *state_.mutable_connections(0)->mutable_credit();
  credit.set_sent(credit.guest_fwd_cnt() + credit.guest_buf_alloc() + 1);
  EXPECT_THAT(Check(), Breaks("vsock-credit", "connections[0].credit.sent"));
}

TEST_F(CheckVsockTest, MoreThanTheGuestWasToldOfIsRefused) {
  auto& credit = *state_.mutable_connections(0)->mutable_credit();
  credit.set_announced_fwd_cnt(credit.fwd_cnt() - credit.buf_alloc() - 1);
  EXPECT_THAT(Check(), Breaks("vsock-credit",
                              "connections[0].credit.announced_fwd_cnt"));
}

TEST_F(CheckVsockTest, OneIdTwiceIsRefused) {
  state_.mutable_connections(1)->set_id(1);
  EXPECT_THAT(Check(), Breaks("vsock-connection-id", "connections[1].id"));
}

TEST_F(CheckVsockTest, ConnectionOfTheGuestWithItselfIsRefused) {
  state_.mutable_connections(1)->set_host_cid(42);
  EXPECT_THAT(Check(), Breaks("vsock-peer", "connections[1].host_cid"));
}

TEST_F(CheckVsockTest, SeqpacketNeedsItsFeature) {
  state_.set_acked_features(uint64_t{1} << 32 | 1 << 29);
  EXPECT_THAT(Check(), Breaks("vsock-seqpacket", "connections[1].type"));
}

TEST_F(CheckVsockTest, DataOfAConnectionThatIsResetIsRefused) {
  state_.mutable_connections(0)->clear_credit();
  EXPECT_THAT(Check(),
              Breaks("vsock-buffered", "connections[0].buffered_bytes"));
}

TEST_F(CheckVsockTest, DataBeyondTheRoomIsRefused) {
  auto& credit = *state_.mutable_connections(0)->mutable_credit();
  credit.set_buf_alloc(4);
  EXPECT_THAT(Check(),
              Breaks("vsock-buffered", "connections[0].buffered_bytes"));
}

TEST_F(CheckVsockTest, ResetOfAConnectionThatGoesOnIsRefused) {
  state_.set_reset_pending(true);
  EXPECT_THAT(Check(), Breaks("vsock-reset", "connections[0].credit"));
}

TEST_F(CheckVsockTest, PieceOfAnUnknownConnectionIsRefused) {
  state_.mutable_buffered(1)->set_owner(3);
  EXPECT_THAT(Check(), Breaks("piece-owner", "buffered[1]"));
}

TEST_F(CheckVsockTest, GapBetweenPiecesIsRefused) {
  state_.mutable_buffered(1)->set_offset(4);
  EXPECT_THAT(Check(), Breaks("piece-order", "buffered[1]"));
}

TEST_F(CheckVsockTest, MissingPieceIsRefused) {
  state_.mutable_buffered()->RemoveLast();
  EXPECT_THAT(Check(), Breaks("piece-size", "buffered"));
}

TEST_F(CheckVsockTest, OneConnectionTwiceIsRefused) {
  state_.mutable_connections(1)->set_host_port(1024);
  state_.mutable_connections(1)->set_type(1);
  EXPECT_THAT(Check(), Breaks("not-unique", "connections"));
}

TEST_F(CheckVsockTest, RequestInTheQueueOfEventsIsRefused) {
  state_.mutable_inflight(0)->set_vring(2);
  EXPECT_THAT(Check(), Breaks("request-ring", "inflight[0]"));
}

TEST_F(CheckVsockTest, ParkedBufferOfTheTransmitQueueIsRefused) {
  state_.mutable_parked(0)->set_vring(1);
  EXPECT_THAT(Check(), Breaks("request-ring", "parked[0]"));
}

TEST_F(CheckVsockTest, CountersRunModulo32Bits) {
  auto& credit = *state_.mutable_connections(0)->mutable_credit();
  credit.set_guest_fwd_cnt(0xffffffff);
  credit.set_sent(3);
  EXPECT_THAT(Check(), BreaksNothing());
}

}  // namespace
}  // namespace devstate
