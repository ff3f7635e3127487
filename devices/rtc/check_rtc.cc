// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/rtc/check_rtc.h"

#include <cstdint>
#include <vector>

#include "devices/rtc/v1/rtc.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::rtc::v1::Clock;
using ::devices::rtc::v1::RtcState;

constexpr int kAlarmBit = 0;
constexpr uint32_t kAlarmQueue = 1;

constexpr DeviceRule kClock = {
    "rtc-clock", "The clocks are not numbered from 0 on.",
    "Save all clocks of the device, with the numbers that the driver knows."};
constexpr DeviceRule kAlarm = {
    "rtc-alarm", "An alarm waits for a buffer, and buffers wait for an alarm.",
    "Report an alarm that went off before the state is saved, or save it as "
    "pending while no buffer is parked. The guest would never hear of it."};

virtio::QueueUse UseOf(uint32_t queue) {
  return {queue != kAlarmQueue, queue == kAlarmQueue};
}

void Check(const RtcState& state, BrokenRules* broken) {
  for (int i = 0; i < state.clocks_size(); ++i) {
    const Clock& clock = state.clocks(i);
    if (clock.id() >= static_cast<uint32_t>(state.clocks_size())) {
      broken->Add(kClock, PlaceOf("clocks", i) + ".id", clock.id(),
                  ", there are ", state.clocks_size(), " clocks");
    }
    if (clock.alarm().pending() && state.parked_size() != 0) {
      broken->Add(kAlarm, PlaceOf("clocks", i) + ".alarm.pending",
                  "it is set, and ", state.parked_size(),
                  " buffers are parked");
    }
  }
  const bool has_alarms = (state.acked_features() >> kAlarmBit & 1) != 0;
  virtio::CheckRingsOf(state, has_alarms ? 2 : 1, UseOf, broken);
}

}  // namespace

const DeviceType& RtcType() {
  static const auto& type =
      *new DeviceType{RtcState::descriptor(),
                      {{"VIRTIO_RTC_F_ALARM", kAlarmBit}},
                      JoinRules({&kClock, &kAlarm}, {&virtio::RingRules()}),
                      &CheckAs<RtcState, &Check>};
  return type;
}

}  // namespace devstate
