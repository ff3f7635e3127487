// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A state is checked before anything of it is used, so every index and every
// sum here may be anything. Positions of a split ring count modulo 2^16, those
// of a packed ring have a wrap counter, and both must agree with the requests
// in flight.

#include "devstate/devices/net/check_rings.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::net {
namespace {

constexpr uint32_t kIndexes = 1 << 16;

template <typename... Parts>
absl::Status BadRing(uint32_t ring, const Parts&... what) {
  return absl::InvalidArgumentError(absl::StrCat("ring ", ring, ": ", what...));
}

// What the position of a ring says of the requests in flight.
struct InFlight {
  uint32_t size = 0;
  bool packed = false;
  // Requests of a split ring, descriptors of a packed one.
  uint32_t amount = 0;
};

absl::Status CheckSize(uint32_t ring, uint32_t size) {
  if (size == 0) return BadRing(ring, "its size is 0");
  if (size <= kMaxRingSize) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("ring ", ring, ": its size ", size, " is above ",
                   kMaxRingSize, ", the most that this device has"));
}

absl::Status CheckBelow(uint32_t ring, absl::string_view what, uint32_t value,
                        uint32_t limit) {
  if (value < limit) return absl::OkStatus();
  return BadRing(ring, what, " ", value, " is not below ", limit);
}

absl::StatusOr<InFlight> CheckPosition(const NetModel& model, uint32_t ring,
                                       const SplitPosition& position) {
  if ((model.acked_features & kRingPacked) != 0) {
    return BadRing(ring,
                   "it is split, and VIRTIO_F_RING_PACKED was negotiated");
  }
  DS_RETURN_IF_ERROR(CheckSize(ring, position.size));
  if ((position.size & (position.size - 1)) != 0) {
    return BadRing(ring, "its size ", position.size, " is no power of two");
  }
  DS_RETURN_IF_ERROR(
      CheckBelow(ring, "last_avail_idx", position.last_avail_idx, kIndexes));
  DS_RETURN_IF_ERROR(CheckBelow(ring, "used_idx", position.used_idx, kIndexes));
  const uint32_t amount =
      (position.last_avail_idx - position.used_idx) % kIndexes;
  if (amount > position.size) {
    return BadRing(ring, "used_idx ", position.used_idx, " is ", amount,
                   " behind last_avail_idx ", position.last_avail_idx,
                   ", more than its size ", position.size);
  }
  if (position.notified_used_idx.has_value()) {
    if ((model.acked_features & kRingEventIdx) == 0) {
      return BadRing(ring, "notified_used_idx without VIRTIO_F_EVENT_IDX");
    }
    DS_RETURN_IF_ERROR(CheckBelow(ring, "notified_used_idx",
                                  *position.notified_used_idx, kIndexes));
  }
  return InFlight{position.size, false, amount};
}

absl::StatusOr<InFlight> CheckPosition(const NetModel& model, uint32_t ring,
                                       const PackedPosition& position) {
  if ((model.acked_features & kRingPacked) == 0) {
    return BadRing(ring,
                   "it is packed, and VIRTIO_F_RING_PACKED was not negotiated");
  }
  const uint32_t size = position.size;
  DS_RETURN_IF_ERROR(CheckSize(ring, size));
  DS_RETURN_IF_ERROR(CheckBelow(ring, "avail_idx", position.avail_idx, size));
  DS_RETURN_IF_ERROR(CheckBelow(ring, "used_idx", position.used_idx, size));
  const bool same_lap = position.avail_wrap == position.used_wrap;
  if (same_lap ? position.avail_idx < position.used_idx
               : position.avail_idx > position.used_idx) {
    return BadRing(ring, "used_idx ", position.used_idx, " and avail_idx ",
                   position.avail_idx, " of ",
                   same_lap ? "one lap" : "two laps",
                   " are more than its size ", size, " apart");
  }
  if (position.notified_used.has_value()) {
    if ((model.acked_features & kRingEventIdx) == 0) {
      return BadRing(ring, "notified_used without VIRTIO_F_EVENT_IDX");
    }
    DS_RETURN_IF_ERROR(
        CheckBelow(ring, "notified_used", *position.notified_used, kIndexes));
    DS_RETURN_IF_ERROR(CheckBelow(ring, "the offset of notified_used",
                                  *position.notified_used % (kIndexes / 2),
                                  size));
  }
  return InFlight{
      size, true,
      position.avail_idx + (same_lap ? 0 : size) - position.used_idx};
}

absl::Status CheckRequest(const Request& request, const InFlight& ring,
                          const NetModel& model) {
  const uint32_t limit = ring.packed ? kIndexes : ring.size;
  if (request.head >= limit) {
    return BadRing(request.ring, "request with head ", request.head,
                   ", which is not below ", limit);
  }
  if (IsReceiveQueue(request.ring, model)) {
    return BadRing(request.ring, "request with head ", request.head,
                   " in flight in a receive queue");
  }
  if (request.descriptor_count == 0 || request.descriptor_count > ring.size) {
    return BadRing(request.ring, "request with head ", request.head, " has ",
                   request.descriptor_count, " descriptors, expected 1 to ",
                   ring.size);
  }
  const size_t carried = ring.packed ? request.descriptor_count : 0;
  if (request.descriptors.size() != carried) {
    return BadRing(request.ring, "request with head ", request.head,
                   " carries ", request.descriptors.size(),
                   " descriptors, expected ", carried, " in a ",
                   ring.packed ? "packed" : "split", " ring");
  }
  for (const Descriptor& descriptor : request.descriptors) {
    if (descriptor.flags >= kIndexes) {
      return BadRing(request.ring, "request with head ", request.head,
                     " has a descriptor with flags 0x",
                     absl::Hex(descriptor.flags), ", more than 16 bits");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRequests(const NetModel& model,
                           const std::map<uint32_t, InFlight>& rings) {
  struct Seen {
    std::set<uint32_t> heads;
    std::set<uint64_t> sequences;
    uint64_t descriptors = 0;
  };
  std::map<uint32_t, Seen> seen;
  for (const Request& request : model.requests) {
    const auto ring = rings.find(request.ring);
    if (ring == rings.end()) {
      return BadRing(request.ring, "it is not set up, and the request with ",
                     "head ", request.head, " is in flight there");
    }
    DS_RETURN_IF_ERROR(CheckRequest(request, ring->second, model));
    Seen& here = seen[request.ring];
    if (!here.heads.insert(request.head).second) {
      return BadRing(request.ring, "two requests with head ", request.head);
    }
    if (!here.sequences.insert(request.sequence).second) {
      return BadRing(request.ring, "two requests with sequence ",
                     request.sequence);
    }
    here.descriptors += request.descriptor_count;
  }
  for (const auto& [index, ring] : rings) {
    const Seen& here = seen[index];
    if (here.descriptors > ring.size) {
      return BadRing(index, "requests with ", here.descriptors,
                     " descriptors in flight, its size is ", ring.size);
    }
    const uint64_t found = ring.packed ? here.descriptors : here.heads.size();
    if (found != ring.amount) {
      return BadRing(index, "its position says that ", ring.amount,
                     ring.packed ? " descriptors" : " requests",
                     " are in flight, and there are ", found);
    }
  }
  return absl::OkStatus();
}

}  // namespace

uint32_t ControlQueue(const NetModel& model) {
  // Without these features the device has one pair, whatever it could have.
  const bool many = (model.acked_features & (kNetMq | kNetRss)) != 0;
  return 2 * (many ? model.config.max_queue_pairs.value_or(1) : 1);
}

absl::Status CheckRings(const NetModel& model) {
  const bool has_control = (model.acked_features & kNetCtrlVq) != 0;
  const uint32_t queues = ControlQueue(model) + (has_control ? 1 : 0);
  std::map<uint32_t, InFlight> rings;
  for (const Ring& ring : model.rings) {
    if (ring.index >= queues) {
      return BadRing(ring.index, "the device has only ", queues, " queues");
    }
    if (!rings.empty() && ring.index <= rings.rbegin()->first) {
      return BadRing(ring.index, "it occurs twice or out of order, after ring ",
                     rings.rbegin()->first);
    }
    absl::StatusOr<InFlight> in_flight = std::visit(
        [&](const auto& position) {
          return CheckPosition(model, ring.index, position);
        },
        ring.position);
    DS_RETURN_IF_ERROR(in_flight.status());
    rings.emplace(ring.index, *in_flight);
  }
  DS_RETURN_IF_ERROR(CheckRequests(model, rings));
  std::set<uint32_t> own;
  for (const QueueCoalescing& queue : model.queue_coalescing) {
    if (rings.count(queue.ring) == 0 || queue.ring == ControlQueue(model)) {
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
