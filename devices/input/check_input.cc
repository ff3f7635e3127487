// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/input/check_input.h"

#include <cstdint>
#include <set>
#include <vector>

#include "devices/input/v1/input.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"
#include "google/protobuf/repeated_field.h"

namespace devstate {
namespace {

using ::devices::input::v1::InputEvent;
using ::devices::input::v1::InputState;

constexpr DeviceRule kPacket = {
    "input-packet", "The last packet of events is not whole.",
    "Save events up to a SYN_REPORT. What comes after it belongs to the next "
    "packet and waits."};
constexpr DeviceRule kTwice = {
    "input-twice", "A key is down twice, or an LED on.",
    "Save each key that is down, and each LED that is on, once."};

void CheckOnce(const google::protobuf::RepeatedField<uint32_t>& codes,
               const char* field, BrokenRules* broken) {
  std::set<uint32_t> seen;
  for (int i = 0; i < codes.size(); ++i) {
    if (!seen.insert(codes[i]).second) {
      broken->Add(kTwice, PlaceOf(field, i), "a code occurs twice");
    }
  }
}

virtio::QueueUse UseOf(uint32_t queue) { return {queue != 0, queue == 0}; }

void Check(const InputState& state, BrokenRules* broken) {
  if (const int size = state.events_size(); size != 0) {
    const InputEvent& last = state.events(size - 1);
    // SYN_REPORT is code 0 of EV_SYN, which is type 0.
    if (last.type() != 0 || last.code() != 0) {
      broken->Add(kPacket, PlaceOf("events", size - 1), "an event of type ",
                  last.type(), " is the last, expected SYN_REPORT");
    }
  }
  CheckOnce(state.keys_down(), "keys_down", broken);
  CheckOnce(state.leds_on(), "leds_on", broken);
  virtio::CheckRingsOf(state, 2, UseOf, broken);
}

}  // namespace

const DeviceType& InputType() {
  static const auto& type =
      *new DeviceType{InputState::descriptor(),
                      {},
                      JoinRules({&kPacket, &kTwice}, {&virtio::RingRules()}),
                      &CheckAs<InputState, &Check>};
  return type;
}

}  // namespace devstate
