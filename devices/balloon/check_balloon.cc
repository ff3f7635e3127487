// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/balloon/check_balloon.h"

#include <cstdint>
#include <vector>

#include "devices/balloon/v1/balloon.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::balloon::v1::BalloonState;
using ::devices::balloon::v1::FreePageHint;

constexpr int kStatsVqBit = 1;
constexpr int kFreePageHintBit = 3;
constexpr uint32_t kStatsQueue = 2;
constexpr uint32_t kFirstRequestId = uint32_t{1} << 31;

constexpr DeviceRule kStatisticsBuffer = {
    "balloon-statistics-buffer",
    "The device has more than one buffer to ask for statistics with.",
    "The driver lends one. Save that one, or the device can never ask again."};
constexpr DeviceRule kHint = {
    "balloon-hint",
    "The configuration space tells the driver of another request for free "
    "pages than the device is at.",
    "Save configuration space and request at one moment."};

// What the driver reads of a request for free pages. While hints come in it
// does not look.
void CheckHint(const BalloonState& state, BrokenRules* broken) {
  if (!state.has_free_page_hint() ||
      !state.config().has_free_page_hint_cmd_id()) {
    return;
  }
  const FreePageHint& hint = state.free_page_hint();
  const uint32_t told = state.config().free_page_hint_cmd_id();
  uint32_t expected = told;
  switch (hint.status()) {
    case FreePageHint::STATUS_STOPPED:
      expected = 0;
      break;
    case FreePageHint::STATUS_DONE:
      expected = 1;
      break;
    case FreePageHint::STATUS_REQUESTED:
      expected = hint.cmd_id();
      break;
    default:
      break;
  }
  if (told != expected) {
    broken->Add(kHint, "config.free_page_hint_cmd_id", told, ", expected ",
                expected);
  }
  if ((hint.status() == FreePageHint::STATUS_REQUESTED ||
       hint.status() == FreePageHint::STATUS_STARTED) &&
      hint.cmd_id() < kFirstRequestId) {
    broken->Add(kHint, "free_page_hint.cmd_id", hint.cmd_id(),
                " is no number of a request, which begin at 2^31");
  }
}

void Check(const BalloonState& state, BrokenRules* broken) {
  CheckHint(state, broken);
  const bool has_statistics = (state.acked_features() >> kStatsVqBit & 1) != 0;
  const bool has_hints = (state.acked_features() >> kFreePageHintBit & 1) != 0;
  int lent = 0;
  for (const auto& buffer : state.parked()) {
    if (has_statistics && buffer.vring() == kStatsQueue) ++lent;
  }
  if (lent > 1) {
    broken->Add(kStatisticsBuffer, "parked", lent, " buffers in queue ",
                kStatsQueue, ", expected 1 at most");
  }
  virtio::CheckRingsOf(
      state, 5,
      [&](uint32_t queue) {
        // The numbers of the later queues depend on the implementation.
        return virtio::QueueUse{
            true, queue >= kStatsQueue && (has_statistics || has_hints)};
      },
      broken);
}

}  // namespace

const DeviceType& BalloonType() {
  static const auto& type = *new DeviceType{
      BalloonState::descriptor(),
      {{"VIRTIO_BALLOON_F_STATS_VQ", kStatsVqBit},
       {"VIRTIO_BALLOON_F_FREE_PAGE_HINT", kFreePageHintBit},
       {"VIRTIO_BALLOON_F_PAGE_POISON", 4}},
      JoinRules({&kStatisticsBuffer, &kHint}, {&virtio::RingRules()}),
      &CheckAs<BalloonState, &Check>};
  return type;
}

}  // namespace devstate
