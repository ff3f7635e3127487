// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/can/check_can.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/can/v1/can.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::can::v1::CanState;
using ::devices::can::v1::Frame;

// VIRTIO_CAN_F_*.
constexpr int kClassicBit = 0;
constexpr int kFdBit = 1;
constexpr int kRtrBit = 2;
// VIRTIO_CAN_FLAGS_*.
constexpr uint32_t kRtr = 0x2000;
constexpr uint32_t kFd = 0x4000;
constexpr uint32_t kExtended = 0x8000;
constexpr uint32_t kMaxStandardId = 0x7ff;
constexpr uint32_t kReceiveQueue = 1;

constexpr DeviceRule kFrameKind = {
    "can-frame-kind", "A frame is of a kind that was not negotiated.",
    "Drop frames that the driver cannot understand when they arrive."};
constexpr DeviceRule kId = {
    "can-id", "A standard frame has an id of more than 11 bits.",
    "Save the flag for extended frames with the frame."};
constexpr DeviceRule kLength = {
    "can-length", "A frame has a length that its kind cannot have.",
    "Save up to 8 bytes of a classic frame, of a CAN FD frame 0 to 8, 12, 16, "
    "20, 24, 32, 48 or 64."};
constexpr DeviceRule kData = {
    "can-data", "A frame has other data than its length says.",
    "Save as many bytes as the length says, and none of a remote request."};

bool IsLength(uint32_t length, bool fd) {
  if (length <= 8) return true;
  if (!fd || length > 64) return false;
  return length <= 24 ? length % 4 == 0 : length % 16 == 0;
}

void CheckFrame(uint64_t acked, const Frame& frame, const std::string& path,
                BrokenRules* broken) {
  const bool fd = (frame.flags() & kFd) != 0;
  const bool rtr = (frame.flags() & kRtr) != 0;
  if ((acked >> (fd ? kFdBit : kClassicBit) & 1) == 0) {
    broken->Add(kFrameKind, path + ".flags", fd ? "a CAN FD" : "a classic",
                " frame without VIRTIO_CAN_F_", fd ? "CAN_FD" : "CAN_CLASSIC");
  }
  if (rtr && (acked >> kRtrBit & 1) == 0) {
    broken->Add(kFrameKind, path + ".flags",
                "a remote request without VIRTIO_CAN_F_RTR_FRAMES");
  }
  if (frame.can_id() > kMaxStandardId && (frame.flags() & kExtended) == 0) {
    broken->Add(kId, path + ".can_id", "0x", absl::Hex(frame.can_id()),
                " in a standard frame");
  }
  if (!IsLength(frame.length(), fd)) {
    broken->Add(kLength, path + ".length", frame.length(), " in a ",
                fd ? "CAN FD" : "classic", " frame");
  }
  const uint32_t expected = rtr ? 0 : frame.length();
  if (frame.data().size() != expected) {
    broken->Add(kData, path + ".data", frame.data().size(), " bytes, expected ",
                expected);
  }
}

virtio::QueueUse UseOf(uint32_t queue) {
  return {queue != kReceiveQueue, queue == kReceiveQueue};
}

void Check(const CanState& state, BrokenRules* broken) {
  for (int i = 0; i < state.received_size(); ++i) {
    CheckFrame(state.acked_features(), state.received(i),
               PlaceOf("received", i), broken);
  }
  virtio::CheckRingsOf(state, 3, UseOf, broken);
}

}  // namespace

const DeviceType& CanType() {
  static const auto& type = *new DeviceType{
      CanState::descriptor(),
      {},
      JoinRules({&kFrameKind, &kId, &kLength, &kData}, {&virtio::RingRules()}),
      &CheckAs<CanState, &Check>};
  return type;
}

}  // namespace devstate
