// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/migrate_in_rounds.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "devstate/transport/vhost_user/words_device.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::Gate;
using ::devstate::testing::IsOk;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::RawPeer;
using ::devstate::testing::ServedEndpoint;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::TwoU32;
using ::devstate::testing::WordsDevice;
using ::devstate::testing::WriteAll;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// --- When the device is stopped ---

RoundReport Round(uint64_t bytes, uint64_t dirty_bytes) {
  return {1, bytes, dirty_bytes, absl::Milliseconds(100)};
}

TEST(JudgeRoundsTest, StopsWhenTheRestFitsTheDowntime) {
  RoundsRule rule;
  rule.downtime = absl::Milliseconds(50);
  // 1000 bytes in 100 ms.
  EXPECT_EQ(JudgeRounds(rule, {Round(1000, 500)}), RoundsEnd::kFits);
  EXPECT_EQ(JudgeRounds(rule, {Round(1000, 501)}), RoundsEnd::kGoOn);
  EXPECT_EQ(JudgeRounds(rule, {Round(1000, 0)}), RoundsEnd::kFits);
}

TEST(JudgeRoundsTest, StopsWhenTwoRoundsInARowDoNotShrink) {
  RoundsRule rule;
  rule.downtime = absl::ZeroDuration();
  EXPECT_EQ(JudgeRounds(rule, {Round(1000, 1), Round(799, 1), Round(638, 1)}),
            RoundsEnd::kGoOn);
  EXPECT_EQ(JudgeRounds(rule, {Round(1000, 1), Round(800, 1), Round(640, 1)}),
            RoundsEnd::kNoShrink);
  EXPECT_EQ(JudgeRounds(rule, {Round(1000, 1), Round(1000, 1)}),
            RoundsEnd::kGoOn);
}

TEST(JudgeRoundsTest, StopsAfterTheMostRounds) {
  RoundsRule rule;
  rule.downtime = absl::ZeroDuration();
  rule.max_rounds = 2;
  EXPECT_EQ(JudgeRounds(rule, {Round(1000, 1)}), RoundsEnd::kGoOn);
  EXPECT_EQ(JudgeRounds(rule, {Round(1000, 1), Round(1, 1)}),
            RoundsEnd::kMostRounds);
}

// --- Between two back-ends ---

BackendEndpointOptions WithRounds(absl::Duration total = absl::Minutes(1)) {
  BackendEndpointOptions options;
  options.device.protocol_features |= kProtocolFRounds;
  options.transfer.limits.total = total;
  return options;
}

class MigrateInRoundsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    source_device_.words = {"a", "b"};
    Start(WithRounds());
  }
  void Start(const BackendEndpointOptions& options) {
    // What a lost connection leaves behind is done when this has returned.
    source_ = nullptr;
    destination_ = nullptr;
    served_source_ = nullptr;
    served_destination_ = nullptr;
    served_source_ = Serve(&source_device_, options, &source_);
    served_destination_ = Serve(&destination_device_, options, &destination_);
    ASSERT_THAT(source_->StartRing(0), IsOk());
    options_.stop = [this] { return source_->StopRing(0).status(); };
  }
  static std::unique_ptr<ServedEndpoint> Serve(
      DeviceStateHandler* handler, const BackendEndpointOptions& options,
      std::unique_ptr<FrontendEndpoint>* front) {
    BackendEndpointOptions copy;
    copy.device = options.device;
    copy.transfer = options.transfer;
    auto served = std::make_unique<ServedEndpoint>(handler, std::move(copy));
    FrontendEndpointOptions front_options;
    front_options.protocol_features = kProtocolFRounds;
    auto endpoint =
        FrontendEndpoint::FromSocket(served->TakeSocket(), front_options);
    EXPECT_THAT(endpoint, IsOk());
    *front = *std::move(endpoint);
    EXPECT_THAT((*front)->Negotiate(), IsOk());
    return served;
  }
  void ExpectMigrated(const absl::StatusOr<MigratedInRounds>& result) {
    ASSERT_THAT(result, IsOk());
    EXPECT_TRUE(result->source.ok());
    EXPECT_TRUE(result->destination.ok());
    EXPECT_EQ(destination_device_.words, source_device_.words);
    EXPECT_FALSE(source_device_.in_rounds);
  }
  // Rounds that were given up have left nothing: a plain migration works.
  void ExpectAsBefore() {
    EXPECT_EQ(destination_device_.commits, 0);
    source_device_.save_result = absl::OkStatus();
    destination_device_.load_result = absl::OkStatus();
    Start(WithRounds());
    EXPECT_FALSE(source_device_.in_rounds);
    ASSERT_THAT(source_->StopRing(0), IsOk());
    StringSink sink;
    const auto saved = source_->SaveState(ChannelKind::kPipe, sink);
    ASSERT_THAT(saved, IsOk());
    EXPECT_TRUE(saved->ok());
    devstate::testing::StringSource from(sink.bytes);
    const auto loaded = destination_->LoadState(ChannelKind::kPipe, from);
    ASSERT_THAT(loaded, IsOk());
    EXPECT_TRUE(loaded->ok());
    EXPECT_EQ(destination_device_.words, source_device_.words);
  }

  // The devices may still wait at it when a test ends.
  Gate gate_;
  WordsDevice source_device_;
  WordsDevice destination_device_;
  MigrateInRoundsOptions options_;
  std::unique_ptr<ServedEndpoint> served_source_;
  std::unique_ptr<ServedEndpoint> served_destination_;
  std::unique_ptr<FrontendEndpoint> source_;
  std::unique_ptr<FrontendEndpoint> destination_;
};

TEST_F(MigrateInRoundsTest, WhatADeviceDoesMeanwhileArrivesToo) {
  source_device_.on_save_round = [this] {
    source_device_.words.push_back(
        absl::StrCat("w", source_device_.rounds.load()));
  };
  options_.rule.downtime = absl::ZeroDuration();
  options_.rule.max_rounds = 4;
  const auto result = MigrateInRounds(*source_, *destination_, options_);
  ExpectMigrated(result);
  EXPECT_THAT(result->rounds, SizeIs(4));
  EXPECT_GE(result->rounds.back().dirty_bytes, 7u);
  EXPECT_EQ(source_device_.words.size(), 7u);
}

TEST_F(MigrateInRoundsTest, FewChangesNeedOneRound) {
  options_.rule.downtime = absl::Hours(1);
  const auto result = MigrateInRounds(*source_, *destination_, options_);
  ExpectMigrated(result);
  EXPECT_EQ(result->end, RoundsEnd::kFits);
  EXPECT_THAT(result->rounds, SizeIs(1));
  EXPECT_EQ(result->rounds[0].bytes, 5u);
}

TEST_F(MigrateInRoundsTest, ASecondMigrationBeginsAnew) {
  options_.rule.max_rounds = 1;
  ExpectMigrated(MigrateInRounds(*source_, *destination_, options_));
  ASSERT_THAT(source_->StartRing(0), IsOk());
  source_device_.words.push_back("later");
  ExpectMigrated(MigrateInRounds(*source_, *destination_, options_));
}

TEST_F(MigrateInRoundsTest, RoundsThatAreGivenUpLeaveBothAsTheyWere) {
  options_.rule.downtime = absl::ZeroDuration();
  options_.on_round = [](const RoundReport& round) -> absl::Status {
    if (round.number < 3) return absl::OkStatus();
    return absl::CancelledError("enough");
  };
  EXPECT_THAT(MigrateInRounds(*source_, *destination_, options_),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(destination_device_.commits, 0);
  // The ring runs on, and the next attempt is one from the beginning.
  options_.on_round = nullptr;
  ExpectMigrated(MigrateInRounds(*source_, *destination_, options_));
}

// Each request of a migration is the last that the front-end sends.
TEST_F(MigrateInRoundsTest, AFrontEndThatVanishesLeavesBothAsTheyWere) {
  for (int last = 0; last < 8; ++last) {
    SCOPED_TRACE(last);
    ChannelEnds ends = MakeChannel();
    const std::vector<std::function<absl::Status()>> requests = {
        [&] {
          return destination_->BeginRounds(TransferDirection::kLoad,
                                           std::move(ends.read_end));
        },
        [&] {
          return source_->BeginRounds(TransferDirection::kSave,
                                      std::move(ends.write_end));
        },
        [&] { return source_->Round(1, false).status(); },
        [&] { return destination_->Round(1, false).status(); },
        [&] { return source_->Round(2, false).status(); },
        [&] { return source_->StopRing(0).status(); },
        [&] { return source_->Round(3, true).status(); },
        [&] { return source_->Check().status(); },
    };
    for (int i = 0; i <= last; ++i) {
      ASSERT_THAT(requests[static_cast<size_t>(i)](), IsOk());
    }
    ends = {};
    Start(WithRounds());
    EXPECT_FALSE(source_device_.in_rounds);
    EXPECT_EQ(destination_device_.commits, 0);
  }
  ExpectAsBefore();
}

TEST_F(MigrateInRoundsTest, ARoundThatFailsEndsTheRounds) {
  source_device_.save_result = absl::ResourceExhaustedError("no room");
  const auto result = MigrateInRounds(*source_, *destination_, options_);
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("the source: DEVICE_STATE_ROUND")));
  ExpectAsBefore();
}

TEST_F(MigrateInRoundsTest, ALoadThatFailsInARoundSaysSo) {
  destination_device_.load_result = absl::InternalError("no");
  EXPECT_THAT(MigrateInRounds(*source_, *destination_, options_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("the destination: DEVICE_STATE_ROUND")));
  ExpectAsBefore();
}

TEST_F(MigrateInRoundsTest, ALastRoundThatFailsIsNotPutIntoForce) {
  options_.rule.max_rounds = 1;
  options_.stop = [this] {
    source_device_.save_result = absl::InternalError("no");
    return source_->StopRing(0).status();
  };
  const auto result = MigrateInRounds(*source_, *destination_, options_);
  ASSERT_THAT(result, IsOk());
  EXPECT_FALSE(result->source.ok());
  EXPECT_FALSE(result->destination.checked);
  ExpectAsBefore();
}

TEST_F(MigrateInRoundsTest, ARoundIsLoadedWhenItIsPrepared) {
  destination_device_.before_prepared = &gate_;
  ChannelEnds ends = MakeChannel();
  ASSERT_THAT(destination_->BeginRounds(TransferDirection::kLoad,
                                        std::move(ends.read_end)),
              IsOk());
  ASSERT_THAT(
      source_->BeginRounds(TransferDirection::kSave, std::move(ends.write_end)),
      IsOk());
  ASSERT_THAT(source_->Round(1, false), IsOk());
  std::atomic<bool> opened{false};
  std::thread opener([&] {
    opened = true;
    gate_.Open();
  });
  EXPECT_THAT(destination_->Round(1, false), IsOk());
  EXPECT_TRUE(opened);
  opener.join();
  // What has come is said at once.
  EXPECT_THAT(destination_->Round(1, false), IsOk());
}

TEST_F(MigrateInRoundsTest, ALastRoundNeedsStoppedRings) {
  ChannelEnds ends = MakeChannel();
  ASSERT_THAT(
      source_->BeginRounds(TransferDirection::kSave, std::move(ends.write_end)),
      IsOk());
  EXPECT_THAT(source_->Round(1, true),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(source_->Round(2, false),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  // Neither has ended the rounds.
  EXPECT_THAT(source_->Round(1, false), IsOk());
  ASSERT_THAT(source_->StopRing(0), IsOk());
  EXPECT_THAT(source_->Round(2, true), IsOk());
  const auto checked = source_->Check();
  ASSERT_THAT(checked, IsOk());
  EXPECT_TRUE(checked->ok());
}

TEST_F(MigrateInRoundsTest, ASetOfRoundsThatIsRefusedGivesUpALoad) {
  ChannelEnds load = MakeChannel();
  ASSERT_TRUE(WriteAll(load.write_end.get(), "c ."));
  load.write_end = FileDescriptor();
  ASSERT_THAT(destination_->BeginRounds(TransferDirection::kLoad,
                                        std::move(load.read_end)),
              IsOk());
  EXPECT_THAT(destination_->BeginRounds(TransferDirection::kSave,
                                        MakeChannel().write_end),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  const auto checked = destination_->Check();
  ASSERT_THAT(checked, IsOk());
  EXPECT_FALSE(checked->ok());
  EXPECT_EQ(destination_device_.commits, 0);
}

TEST_F(MigrateInRoundsTest, ARoundHasADeadline) {
  source_device_.on_save_round = [this] { gate_.Wait(); };
  Start(WithRounds(absl::Milliseconds(20)));
  ChannelEnds ends = MakeChannel();
  ASSERT_THAT(
      source_->BeginRounds(TransferDirection::kSave, std::move(ends.write_end)),
      IsOk());
  EXPECT_THAT(source_->Round(1, false),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  gate_.Open();
}

TEST_F(MigrateInRoundsTest, AFileIsNoChannelOfRounds) {
  ChannelEnds ends = MakeChannel(ChannelKind::kMemfd);
  EXPECT_THAT(
      source_->BeginRounds(TransferDirection::kSave, std::move(ends.write_end)),
      StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(destination_->BeginRounds(TransferDirection::kLoad,
                                        std::move(ends.read_end)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(MigrateInRoundsTest, NoDescriptorStaysOpen) {
  options_.rule.max_rounds = 3;
  options_.rule.downtime = absl::ZeroDuration();
  ExpectMigrated(MigrateInRounds(*source_, *destination_, options_));
  // Each engine keeps the stream of its last transfer.
  const int before = CountOpenFds();
  ASSERT_THAT(source_->StartRing(0), IsOk());
  ExpectMigrated(MigrateInRounds(*source_, *destination_, options_));
  EXPECT_EQ(CountOpenFds(), before);
}

// --- A back-end that was not told to have rounds ---

TEST(WithoutRoundsTest, NothingOfRoundsIsOfferedOrTaken) {
  WordsDevice device;
  ServedEndpoint served(&device);
  RawPeer peer(served.TakeSocket());
  EXPECT_EQ(peer.Call(kGetProtocolFeatures) & kProtocolFRounds, 0u);
  peer.Negotiate();
  EXPECT_EQ(
      peer.SetDeviceState(0, kTransferPhaseRounds, MakeChannel().write_end),
      kSetStateRefused);
  EXPECT_EQ(
      peer.Call(kDeviceStateRound, TwoU32(1, 0), {}, kVersion | kFlagNeedReply),
      1u);
  EXPECT_TRUE(peer.Alive());
  EXPECT_EQ(device.rounds, 0);
}

TEST(WithoutRoundsTest, AnOfferThatIsNotAcknowledgedIsNone) {
  WordsDevice device;
  ServedEndpoint served(&device, WithRounds());
  RawPeer peer(served.TakeSocket());
  peer.Negotiate(kProtocolFRounds);
  EXPECT_EQ(
      peer.SetDeviceState(0, kTransferPhaseRounds, MakeChannel().write_end),
      kSetStateRefused);
  EXPECT_TRUE(peer.Alive());
}

// Numbers of rounds and other numbers of the payload, in every state.
TEST(WithRoundsTest, HostileRequestsAreAnsweredAndEndNothingElse) {
  WordsDevice device;
  ServedEndpoint served(&device, WithRounds());
  RawPeer peer(served.TakeSocket());
  peer.Negotiate();
  const auto round = [&peer](uint32_t number, uint32_t last) {
    peer.Send(kDeviceStateRound, TwoU32(number, last));
    const Message reply = peer.Receive();
    EXPECT_EQ(reply.payload.size(), kRoundReplySize);
    return reply.payload.empty() ? 0 : ReadU64(reply.payload, 0);
  };
  EXPECT_NE(round(1, 0), 0u);
  ChannelEnds ends = MakeChannel();
  EXPECT_EQ(
      peer.SetDeviceState(0, kTransferPhaseRounds, std::move(ends.write_end)),
      kSetStateNoFd);
  EXPECT_NE(round(0, 0), 0u);
  EXPECT_NE(round(UINT32_MAX, 0), 0u);
  EXPECT_NE(round(UINT32_MAX, UINT32_MAX), 0u);
  EXPECT_EQ(round(1, 0), 0u);
  EXPECT_NE(round(1, 0), 0u);
  // A malformed one is answered, too.
  peer.Send(kDeviceStateRound, "short");
  EXPECT_NE(ReadU64(peer.Receive().payload, 0), 0u);
  EXPECT_EQ(
      peer.SetDeviceState(2, kTransferPhaseRounds, MakeChannel().write_end),
      kSetStateRefused);
  EXPECT_TRUE(peer.Alive());
  EXPECT_NE(round(2, 0), 0u);
}

}  // namespace
}  // namespace devstate::vhost_user
