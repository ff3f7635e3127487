// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/scsi/check_scsi.h"

#include <cstdint>
#include <string>
#include <vector>

#include "devices/scsi/v1/scsi.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rate_limiter.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::scsi::v1::ScsiConfig;
using ::devices::scsi::v1::ScsiEvent;
using ::devices::scsi::v1::ScsiState;

constexpr int kHotplugBit = 1;
constexpr int kChangeBit = 2;
constexpr uint32_t kEventQueue = 1;
// VIRTIO_SCSI_T_*.
constexpr uint32_t kTransportReset = 1;
constexpr uint32_t kParametersChanged = 3;

constexpr DeviceRule kLun = {"scsi-lun",
                             "The device has no such target or unit.",
                             "Save config and units of one device."};
constexpr DeviceRule kEvents = {
    "scsi-events", "An event waits that the driver has not asked for.",
    "Drop events whose feature was not negotiated when they happen."};

template <typename Place>
void CheckPlace(const ScsiConfig& config, const Place& place,
                const std::string& path, BrokenRules* broken) {
  if (place.target() > config.max_target()) {
    broken->Add(kLun, path + ".target", place.target(), ", the most is ",
                config.max_target());
  }
  if (place.lun() > config.max_lun()) {
    broken->Add(kLun, path + ".lun", place.lun(), ", the most is ",
                config.max_lun());
  }
}

virtio::QueueUse UseOf(uint32_t queue) {
  return {queue != kEventQueue, queue == kEventQueue};
}

void Check(const ScsiState& state, BrokenRules* broken) {
  const bool hotplug = (state.acked_features() >> kHotplugBit & 1) != 0;
  const bool change = (state.acked_features() >> kChangeBit & 1) != 0;
  for (int i = 0; i < state.luns_size(); ++i) {
    CheckPlace(state.config(), state.luns(i), PlaceOf("luns", i), broken);
  }
  for (int i = 0; i < state.events_size(); ++i) {
    const ScsiEvent& event = state.events(i);
    const std::string path = PlaceOf("events", i);
    CheckPlace(state.config(), event, path, broken);
    if (event.type() == kTransportReset && !hotplug) {
      broken->Add(kEvents, path + ".type",
                  "a transport reset without VIRTIO_SCSI_F_HOTPLUG");
    }
    if (event.type() == kParametersChanged && !change) {
      broken->Add(kEvents, path + ".type",
                  "a change of parameters without VIRTIO_SCSI_F_CHANGE");
    }
  }
  if (state.events_missed() && !hotplug && !change) {
    broken->Add(kEvents, "events_missed",
                "it is set without VIRTIO_SCSI_F_HOTPLUG and "
                "VIRTIO_SCSI_F_CHANGE");
  }
  virtio::CheckRateLimiter(state.rate_limiter(), broken);
  virtio::CheckRingsOf(state, state.config().num_queues() + 2, UseOf, broken);
}

}  // namespace

const DeviceType& ScsiType() {
  static const auto& type = *new DeviceType{
      ScsiState::descriptor(),
      {},
      JoinRules({&kLun, &kEvents},
                {&virtio::RingRules(), &virtio::RateLimiterRules()}),
      &CheckAs<ScsiState, &Check>};
  return type;
}

}  // namespace devstate
