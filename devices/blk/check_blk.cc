// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/blk/check_blk.h"

#include <cstdint>
#include <vector>

#include "devices/blk/v1/blk.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::blk::v1::BlkState;

constexpr int kConfigWceBit = 11;
constexpr int kMqBit = 12;

constexpr DeviceRule kWriteback = {
    "blk-writeback", "The driver can set the cache mode, and it is missing.",
    "Save config.writeback. A guest that relies on write-through would lose "
    "data."};

void Check(const BlkState& state, BrokenRules* broken) {
  if ((state.acked_features() >> kConfigWceBit & 1) != 0 &&
      !state.config().has_writeback()) {
    broken->Add(kWriteback, "config.writeback",
                "it is absent, and VIRTIO_BLK_F_CONFIG_WCE was negotiated");
  }
  const bool many = (state.acked_features() >> kMqBit & 1) != 0;
  virtio::CheckRingsOf(state, many ? state.config().num_queues() : 1, broken);
}

}  // namespace

const DeviceType& BlkType() {
  static const auto& type =
      *new DeviceType{BlkState::descriptor(),
                      {{"VIRTIO_BLK_F_SIZE_MAX", 1},
                       {"VIRTIO_BLK_F_SEG_MAX", 2},
                       {"VIRTIO_BLK_F_GEOMETRY", 4},
                       {"VIRTIO_BLK_F_BLK_SIZE", 6},
                       {"VIRTIO_BLK_F_TOPOLOGY", 10},
                       {"VIRTIO_BLK_F_CONFIG_WCE", kConfigWceBit},
                       {"VIRTIO_BLK_F_MQ", kMqBit},
                       {"VIRTIO_BLK_F_DISCARD", 13},
                       {"VIRTIO_BLK_F_WRITE_ZEROES", 14},
                       {"VIRTIO_BLK_F_SECURE_ERASE", 16}},
                      JoinRules({&kWriteback}, {&virtio::RingRules()}),
                      &CheckAs<BlkState, &Check>};
  return type;
}

}  // namespace devstate
