// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/vhost_user_features.h"

#include <string>
#include <vector>

#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Names(const std::vector<FeatureBit>& bits) {
  std::vector<std::string> names;
  for (const FeatureBit& bit : bits) names.push_back(bit.name);
  return names;
}

TEST(VhostUserFeaturesTest, NamesAgreeWithTheBitsThatDevstateUses) {
  EXPECT_THAT(
      Names(VirtioFeatureBits(kVhostFLogAll | kVhostUserFProtocolFeatures |
                              kVirtioFVersion1)),
      ElementsAre("VHOST_F_LOG_ALL", "VHOST_USER_F_PROTOCOL_FEATURES",
                  "VIRTIO_F_VERSION_1"));
  EXPECT_THAT(
      Names(ProtocolFeatureBits(
          kProtocolFMq | kProtocolFLogShmfd | kProtocolFRarp |
          kProtocolFReplyAck | kProtocolFConfig | kProtocolFResetDevice |
          kProtocolFInflightShmfd | kProtocolFConfigureMemSlots |
          kProtocolFStatus | kProtocolFDeviceState |
          kProtocolFGetVringBaseInflight | kProtocolFGetVringBaseSkipDrain)),
      ElementsAre(
          "VHOST_USER_PROTOCOL_F_MQ", "VHOST_USER_PROTOCOL_F_LOG_SHMFD",
          "VHOST_USER_PROTOCOL_F_RARP", "VHOST_USER_PROTOCOL_F_REPLY_ACK",
          "VHOST_USER_PROTOCOL_F_CONFIG",
          "VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD",
          "VHOST_USER_PROTOCOL_F_RESET_DEVICE",
          "VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS",
          "VHOST_USER_PROTOCOL_F_STATUS", "VHOST_USER_PROTOCOL_F_DEVICE_STATE",
          "VHOST_USER_PROTOCOL_F_GET_VRING_BASE_INFLIGHT",
          "VHOST_USER_PROTOCOL_F_GET_VRING_BASE_SKIP_DRAIN"));
}

TEST(VhostUserFeaturesTest, BitsWithoutANameAreStillListed) {
  EXPECT_THAT(
      Names(VirtioFeatureBits(uint64_t{1} << 3 | uint64_t{1} << 45 |
                              uint64_t{1} << 63)),
      ElementsAre("(of the device type)", "(unknown)", "(of the device type)"));
  EXPECT_THAT(Names(ProtocolFeatureBits(uint64_t{1} << 63)),
              ElementsAre("(unknown)"));
  EXPECT_EQ(ProtocolFeatureBits(uint64_t{1} << 63)[0].bit, 63);
}

TEST(VhostUserFeaturesTest, NothingOfferedIsAnEmptyList) {
  EXPECT_TRUE(VirtioFeatureBits(0).empty());
  EXPECT_TRUE(ProtocolFeatureBits(0).empty());
}

}  // namespace
}  // namespace devstate::vhost_user
