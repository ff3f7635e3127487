// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/net/check_rings.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::net {
namespace {

template <typename... Parts>
absl::Status BadRing(uint32_t ring, const Parts&... what) {
  return absl::InvalidArgumentError(absl::StrCat("ring ", ring, ": ", what...));
}

absl::Status CheckOrder(const NetModel& model) {
  for (size_t i = 1; i < model.rings.size(); ++i) {
    const uint32_t before = model.rings[i - 1].index;
    if (model.rings[i].index > before) continue;
    return BadRing(model.rings[i].index,
                   "it occurs twice or out of order, after ring ", before);
  }
  return absl::OkStatus();
}

absl::Status CheckSizes(const NetModel& model, uint32_t max_size) {
  for (const Ring& ring : model.rings) {
    const uint32_t size = std::visit(
        [](const auto& position) { return position.size; }, ring.position);
    if (size <= max_size) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("ring ", ring.index, ": its size ", size, " is above ",
                     max_size, ", the most that this device has"));
  }
  return absl::OkStatus();
}

}  // namespace

uint32_t ControlQueue(const NetModel& model) {
  // Without these features the device has one pair, whatever it could have.
  const bool many = (model.acked_features & (kNetMq | kNetRss)) != 0;
  return 2 * (many ? model.config.max_queue_pairs.value_or(1) : 1);
}

absl::Status CheckRings(const NetModel& model, uint32_t max_size) {
  DS_RETURN_IF_ERROR(CheckOrder(model));
  const bool has_control = (model.acked_features & kNetCtrlVq) != 0;
  virtio::RingTraits traits;
  traits.acked_features = model.acked_features;
  traits.queues = ControlQueue(model) + (has_control ? 1 : 0);
  traits.use = [&model](uint32_t queue) {
    return virtio::QueueUse{!IsReceiveQueue(queue, model), false};
  };
  BrokenRules broken;
  virtio::CheckRings(traits, model.rings, model.requests, {}, &broken);
  DS_RETURN_IF_ERROR(broken.ToStatus());
  DS_RETURN_IF_ERROR(CheckSizes(model, max_size));
  std::set<uint32_t> own;
  for (const QueueCoalescing& queue : model.queue_coalescing) {
    const bool is_set_up =
        std::any_of(model.rings.begin(), model.rings.end(),
                    [&](const Ring& ring) { return ring.index == queue.ring; });
    if (!is_set_up || queue.ring == ControlQueue(model)) {
      return BadRing(queue.ring, "coalescing of a queue that is no receive or ",
                     "transmit queue in use");
    }
    if (!own.insert(queue.ring).second) {
      return BadRing(queue.ring, "two coalescing settings");
    }
  }
  return absl::OkStatus();
}

}  // namespace devstate::net
