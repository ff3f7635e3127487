// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/vhost_user_device.h"

#include <string>
#include <utility>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::TwoU32;

Message Make(uint32_t request, std::string payload = "",
             uint32_t flags = kVersion) {
  Message message;
  message.request = request;
  message.payload = std::move(payload);
  message.flags = flags;
  return message;
}

constexpr uint32_t kAcked = kVersion | kFlagNeedReply;

TEST(VhostUserDeviceTest, OffersWhatQemuWantsForMigration) {
  VhostUserDevice device({});
  auto features = device.Handle(Make(kGetFeatures));
  ASSERT_THAT(features, IsOk());
  const uint64_t bits = ReadU64((*features)->payload, 0);
  EXPECT_NE(bits & kVhostFLogAll, 0u);
  EXPECT_NE(bits & kVhostUserFProtocolFeatures, 0u);
  auto protocol = device.Handle(Make(kGetProtocolFeatures));
  ASSERT_THAT(protocol, IsOk());
  EXPECT_NE(ReadU64((*protocol)->payload, 0) & kProtocolFLogShmfd, 0u);
  EXPECT_NE(ReadU64((*protocol)->payload, 0) & kProtocolFDeviceState, 0u);
}

TEST(VhostUserDeviceTest, HookSeesAcknowledgedFeaturesAndMayRefuse) {
  uint64_t seen = 0;
  VhostUserDeviceOptions options;
  options.features = 1;
  options.on_features = [&seen](uint64_t acknowledged) {
    seen = acknowledged;
    return (acknowledged & 1) != 0
               ? absl::OkStatus()
               : absl::FailedPreconditionError("the state needs bit 0");
  };
  VhostUserDevice device(std::move(options));
  EXPECT_THAT(device.Handle(Make(kSetFeatures, U64Payload(1))), IsOk());
  EXPECT_EQ(seen, 1u);
  EXPECT_THAT(device.Handle(Make(kSetFeatures, U64Payload(0))),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(
      device.Handle(Make(kSetProtocolFeatures, U64Payload(kProtocolFReplyAck))),
      IsOk());
  auto reply = device.Handle(Make(kSetFeatures, U64Payload(0), kAcked));
  ASSERT_THAT(reply, IsOk());
  EXPECT_EQ((*reply)->payload, U64Payload(1));
}

TEST(VhostUserDeviceTest, AcknowledgementsNeedTheirFeature) {
  VhostUserDevice device({});
  auto reply = device.Handle(Make(kSetOwner, "", kAcked));
  ASSERT_THAT(reply, IsOk());
  EXPECT_FALSE(reply->has_value());
  ASSERT_THAT(
      device.Handle(Make(kSetProtocolFeatures, U64Payload(kProtocolFReplyAck))),
      IsOk());
  reply = device.Handle(Make(kSetOwner, "", kAcked));
  ASSERT_THAT(reply, IsOk());
  ASSERT_TRUE(reply->has_value());
  EXPECT_EQ((*reply)->flags, kReplyFlags);
  EXPECT_EQ((*reply)->payload, U64Payload(0));
}

TEST(VhostUserDeviceTest, RunsFromTheFirstKickToTheLastBase) {
  VhostUserDevice device({});
  EXPECT_FALSE(device.running());
  ASSERT_THAT(device.Handle(Make(kSetVringKick, U64Payload(3 | kVringNoFd))),
              IsOk());
  ASSERT_THAT(device.Handle(Make(kSetVringKick, U64Payload(255 | kVringNoFd))),
              IsOk());
  ASSERT_THAT(device.Handle(Make(kGetVringBase, TwoU32(3, 0))), IsOk());
  EXPECT_TRUE(device.running());
  ASSERT_THAT(device.Handle(Make(kGetVringBase, TwoU32(255, 0))), IsOk());
  EXPECT_FALSE(device.running());
}

TEST(VhostUserDeviceTest, ResetStopsEveryRing) {
  for (const uint32_t request : {kResetDevice, kResetOwner}) {
    VhostUserDevice device({});
    ASSERT_THAT(device.Handle(Make(kSetVringKick, U64Payload(kVringNoFd))),
                IsOk());
    ASSERT_THAT(device.Handle(Make(request)), IsOk());
    EXPECT_FALSE(device.running());
  }
}

TEST(VhostUserDeviceTest, RingsOutOfRangeAreRefused) {
  VhostUserDevice device({});
  for (const uint32_t ring : {256u, 65536u, 0x80000000u, 0xffffffffu}) {
    for (const uint32_t request :
         {kGetVringBase, kSetVringBase, kSetVringNum, kSetVringEnable}) {
      EXPECT_THAT(device.Handle(Make(request, TwoU32(ring, 0))),
                  StatusIs(absl::StatusCode::kInvalidArgument));
    }
  }
  EXPECT_THAT(device.Handle(Make(kSetVringKick, U64Payload(0x200))),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(VhostUserDeviceTest, MemorySlotsAreBounded) {
  VhostUserDeviceOptions options;
  options.max_mem_slots = 2;
  VhostUserDevice device(std::move(options));
  const std::string region(40, '\0');
  EXPECT_THAT(device.Handle(Make(kRemMemReg, region)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(device.Handle(Make(kAddMemReg, region)), IsOk());
  EXPECT_THAT(device.Handle(Make(kAddMemReg, region)), IsOk());
  EXPECT_THAT(device.Handle(Make(kAddMemReg, region)),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(device.Handle(Make(kRemMemReg, region)), IsOk());
  EXPECT_THAT(device.Handle(Make(kAddMemReg, region)), IsOk());
}

TEST(VhostUserDeviceTest, ResetForgetsTheFrontEnd) {
  VhostUserDevice device({});
  ASSERT_THAT(device.Handle(Make(kSetProtocolFeatures,
                                 U64Payload(kProtocolFDeviceState))),
              IsOk());
  ASSERT_THAT(device.Handle(Make(kSetVringBase, TwoU32(0, 9))), IsOk());
  EXPECT_TRUE(device.device_state_negotiated());
  EXPECT_EQ(device.ring_base(0), 9u);
  device.Reset();
  EXPECT_FALSE(device.device_state_negotiated());
  EXPECT_EQ(device.ring_base(0), 0u);
}

}  // namespace
}  // namespace devstate::vhost_user
