// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/snd/check_snd.h"

#include <cstdint>

#include "devices/snd/v1/snd.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckSndTest
    : public testing::DeviceCheckTest<::devices::snd::v1::SndState> {
 protected:
  CheckSndTest() : DeviceCheckTest(SndType(), "snd") {}
};

TEST_F(CheckSndTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckSndTest, StreamsAreThoseOfTheConfiguration) {
  state_.mutable_config()->set_streams(3);
  EXPECT_THAT(Check(), Breaks("snd-count", "streams"));
}

TEST_F(CheckSndTest, StreamBeyondTheirNumberIsRefused) {
  state_.mutable_streams(1)->set_id(2);
  EXPECT_THAT(Check(), Breaks("snd-count", "streams[1].id"));
}

TEST_F(CheckSndTest, JacksAreThoseOfTheConfiguration) {
  state_.mutable_jacks()->Clear();
  EXPECT_THAT(Check(), Breaks("snd-count", "jacks"));
}

TEST_F(CheckSndTest, ChannelMapsAreThoseOfTheConfiguration) {
  state_.mutable_channel_maps()->Clear();
  EXPECT_THAT(Check(), Breaks("snd-count", "channel_maps"));
}

TEST_F(CheckSndTest, LeastChannelsAreBelowTheMost) {
  state_.mutable_streams(0)->set_channels_min(3);
  EXPECT_THAT(Check(), Breaks("snd-channels", "streams[0].channels_min"));
}

TEST_F(CheckSndTest, StreamInUseHasParameters) {
  state_.mutable_streams(0)->clear_params();
  EXPECT_THAT(Check(), Breaks("snd-state", "streams[0].params"));
}

TEST_F(CheckSndTest, StreamAfterAResetHasNone) {
  *state_.mutable_streams(1)->mutable_params() = state_.streams(0).params();
  EXPECT_THAT(Check(), Breaks("snd-state", "streams[1].params"));
}

TEST_F(CheckSndTest, FormatIsOneOfTheStream) {
  state_.mutable_streams(0)->mutable_params()->set_format(6);
  EXPECT_THAT(Check(), Breaks("snd-params", "streams[0].params.format"));
}

TEST_F(CheckSndTest, RateIsOneOfTheStream) {
  state_.mutable_streams(0)->mutable_params()->set_rate(8);
  EXPECT_THAT(Check(), Breaks("snd-params", "streams[0].params.rate"));
}

TEST_F(CheckSndTest, FeaturesAreThoseOfTheStream) {
  state_.mutable_streams(0)->mutable_params()->set_features(1);
  EXPECT_THAT(Check(), Breaks("snd-params", "streams[0].params.features"));
}

TEST_F(CheckSndTest, ChannelsAreThoseOfTheStream) {
  state_.mutable_streams(0)->mutable_params()->set_channels(3);
  EXPECT_THAT(Check(), Breaks("snd-params", "streams[0].params.channels"));
}

TEST_F(CheckSndTest, BufferIsOfWholePeriods) {
  state_.mutable_streams(0)->mutable_params()->set_buffer_bytes(16385);
  EXPECT_THAT(Check(), Breaks("snd-period", "streams[0].params.buffer_bytes"));
}

TEST_F(CheckSndTest, PeriodIsOfWholeFrames) {
  state_.mutable_streams(0)->mutable_params()->set_period_bytes(2);
  state_.mutable_streams(0)->mutable_params()->set_buffer_bytes(4);
  EXPECT_THAT(Check(), Breaks("snd-period", "streams[0].params.period_bytes"));
}

TEST_F(CheckSndTest, RequestIsInFlight) {
  state_.mutable_stream_requests(0)->set_head(9);
  EXPECT_THAT(Check(), Breaks("snd-request", "stream_requests[0].head"));
}

TEST_F(CheckSndTest, PositionIsWithinTheRequest) {
  state_.mutable_stream_requests(0)->set_position(4097);
  EXPECT_THAT(Check(), Breaks("snd-request", "stream_requests[0].position"));
}

TEST_F(CheckSndTest, RequestIsOfAStream) {
  state_.mutable_stream_requests(0)->set_stream(7);
  EXPECT_THAT(Check(), Breaks("snd-request", "stream_requests[0].stream"));
}

TEST_F(CheckSndTest, RequestIsInTheQueueOfItsDirection) {
  state_.mutable_streams(0)->set_direction(1);
  EXPECT_THAT(Check(), Breaks("snd-request", "stream_requests[0].vring"));
}

TEST_F(CheckSndTest, RequestOfAReleasedStreamIsRefused) {
  state_.mutable_streams(0)->set_state(
      ::devices::snd::v1::Stream::STATE_RELEASED);
  EXPECT_THAT(Check(), Breaks("snd-request", "stream_requests[0].stream"));
}

TEST_F(CheckSndTest, EventIsOfAStream) {
  state_.mutable_events(0)->set_data(2);
  EXPECT_THAT(Check(), Breaks("snd-event", "events[0].data"));
}

TEST_F(CheckSndTest, EventIsOfAJack) {
  state_.mutable_events(0)->set_type(0x1001);
  state_.mutable_events(0)->set_data(1);
  EXPECT_THAT(Check(), Breaks("snd-event", "events[0].data"));
}

TEST_F(CheckSndTest, ParkedSoundIsRefused) {
  auto& parked = *state_.add_parked();
  parked.set_vring(2);
  parked.set_descriptor_count(1);
  EXPECT_THAT(Check(), Breaks("request-ring", "parked[0]"));
}

}  // namespace
}  // namespace devstate
