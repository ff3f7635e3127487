// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/migration_obstacles.h"

#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate {
namespace {

MigrationObstacle Obstacle(const char* feature, const char* place,
                           const char* consequence, const char* remedy) {
  MigrationObstacle obstacle;
  obstacle.set_feature(feature);
  obstacle.set_place(place);
  obstacle.set_consequence(consequence);
  obstacle.set_remedy(remedy);
  return obstacle;
}

}  // namespace

std::vector<MigrationObstacle> MigrationObstacles(
    const vhost_user::BackendOffer& offer) {
  std::vector<MigrationObstacle> obstacles;
  if ((offer.features & vhost_user::kVhostFLogAll) == 0) {
    obstacles.push_back(Obstacle(
        "VHOST_F_LOG_ALL", "virtio feature bit 26",
        "QEMU refuses: Migration disabled: vhost lacks VHOST_F_LOG_ALL "
        "feature.",
        "offer the bit in GET_FEATURES and, once it is acknowledged, log every "
        "write to guest memory"));
  }
  if ((offer.features & vhost_user::kVhostUserFProtocolFeatures) == 0) {
    // What follows cannot be offered without it.
    obstacles.push_back(Obstacle(
        "VHOST_USER_F_PROTOCOL_FEATURES", "virtio feature bit 30",
        "QEMU negotiates no protocol feature, so neither the log nor the "
        "device state",
        "offer the bit in GET_FEATURES and answer GET_PROTOCOL_FEATURES"));
    return obstacles;
  }
  if ((offer.protocol_features & vhost_user::kProtocolFLogShmfd) == 0) {
    obstacles.push_back(Obstacle(
        "VHOST_USER_PROTOCOL_F_LOG_SHMFD", "protocol feature bit 1",
        "QEMU refuses: Migration disabled: vhost-user backend lacks "
        "VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.",
        "offer the bit in GET_PROTOCOL_FEATURES and take the log's memory with "
        "SET_LOG_BASE"));
  }
  if ((offer.protocol_features & vhost_user::kProtocolFDeviceState) == 0) {
    obstacles.push_back(Obstacle(
        "VHOST_USER_PROTOCOL_F_DEVICE_STATE", "protocol feature bit 19",
        "vhost-user-fs fails at the end of the migration: pre-save failed: "
        "vhost-user-fs-backend (does not support migration through qemu); "
        "virtio-net migrates without the back-end's state",
        "offer the bit in GET_PROTOCOL_FEATURES and answer SET_DEVICE_STATE_FD "
        "and CHECK_DEVICE_STATE"));
  }
  return obstacles;
}

}  // namespace devstate
