// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/migration_obstacles.h"

#include <string>
#include <vector>

#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kFeatures =
    vhost_user::kVhostFLogAll | vhost_user::kVhostUserFProtocolFeatures;
constexpr uint64_t kProtocol =
    vhost_user::kProtocolFLogShmfd | vhost_user::kProtocolFDeviceState;

std::vector<std::string> Missing(uint64_t features, uint64_t protocol) {
  std::vector<std::string> names;
  for (const MigrationObstacle& obstacle :
       MigrationObstacles({features, protocol})) {
    EXPECT_THAT(obstacle.place(), HasSubstr("bit"));
    EXPECT_NE(obstacle.consequence(), "");
    EXPECT_THAT(obstacle.remedy(), HasSubstr("offer the bit"));
    names.push_back(obstacle.feature());
  }
  return names;
}

TEST(MigrationObstaclesTest, NothingMissingIsNoObstacle) {
  EXPECT_THAT(Missing(kFeatures, kProtocol), IsEmpty());
}

TEST(MigrationObstaclesTest, EachMissingFeatureIsItsOwnObstacle) {
  EXPECT_THAT(Missing(vhost_user::kVhostUserFProtocolFeatures, kProtocol),
              ElementsAre("VHOST_F_LOG_ALL"));
  EXPECT_THAT(Missing(kFeatures, vhost_user::kProtocolFDeviceState),
              ElementsAre("VHOST_USER_PROTOCOL_F_LOG_SHMFD"));
  EXPECT_THAT(Missing(kFeatures, vhost_user::kProtocolFLogShmfd),
              ElementsAre("VHOST_USER_PROTOCOL_F_DEVICE_STATE"));
}

TEST(MigrationObstaclesTest, WithoutProtocolFeaturesThatIsTheReason) {
  EXPECT_THAT(Missing(vhost_user::kVhostFLogAll, 0),
              ElementsAre("VHOST_USER_F_PROTOCOL_FEATURES"));
  EXPECT_THAT(Missing(0, 0),
              ElementsAre("VHOST_F_LOG_ALL", "VHOST_USER_F_PROTOCOL_FEATURES"));
}

}  // namespace
}  // namespace devstate
