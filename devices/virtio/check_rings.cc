// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A state is checked before anything of it is used, so every index and every
// sum here may be anything. Positions of a split ring count modulo 2^16, those
// of a packed ring have a wrap counter, and both must agree with the buffers
// that were taken and not answered.

#include "devstate/devices/virtio/check_rings.h"

#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

namespace devstate::rules {

const DeviceRule kRingLayout = {
    "ring-layout", "A ring has not the layout that was negotiated.",
    "Save the packed position exactly if VIRTIO_F_RING_PACKED was negotiated."};

}  // namespace devstate::rules

namespace devstate::virtio {
namespace {

constexpr DeviceRule kRingIndex = {
    "ring-index", "A ring occurs twice, or the device has no such queue.",
    "Save each queue that is set up once, and the features that decide how "
    "many there are."};
constexpr DeviceRule kRingSize = {"ring-size", "A ring has an impossible size.",
                                  "Save the size that the driver has chosen."};
constexpr DeviceRule kRingPosition = {
    "ring-position", "The positions of a ring are not within the ring.",
    "Save both positions at one moment, after the device was suspended."};
constexpr DeviceRule kRingNotified = {
    "ring-notified",
    "The position of the last notification is not one of the ring.",
    "Save it as the device has it, and only if VIRTIO_F_EVENT_IDX was "
    "negotiated. Without it the next completion notifies."};
constexpr DeviceRule kRingCount = {
    "ring-count",
    "A ring's positions do not fit the buffers that are not answered.",
    "List every buffer that was taken and not answered. The guest waits for "
    "ever for one that is missing, and gets one that is too much twice."};
constexpr DeviceRule kRequestRing = {
    "request-ring", "A buffer is of a ring that cannot hold it.",
    "List requests of queues that take requests, and parked buffers of queues "
    "for events."};
constexpr DeviceRule kRequestHead = {
    "request-head", "A buffer's head is not one of its ring, or occurs twice.",
    "Save the head as it was taken from the ring, each once."};
constexpr DeviceRule kRequestOrder = {
    "request-order", "Two buffers of a ring have one sequence number.",
    "Number the buffers of a ring in the order in which they were taken."};
constexpr DeviceRule kRequestChain = {
    "request-chain", "A buffer has an impossible chain of descriptors.",
    "Save the number of descriptors, and in a packed ring the chain itself."};

constexpr uint32_t kIndexes = 1 << 16;

// What the position of a ring says of the buffers that are not answered.
struct Taken {
  uint32_t size = 0;
  bool packed = false;
  // Buffers of a split ring, descriptors of a packed one.
  uint32_t amount = 0;
};

class RingChecker {
 public:
  RingChecker(const RingTraits& traits, BrokenRules* broken)
      : traits_(traits), broken_(*broken) {}

  void AddRing(size_t place, const Ring& ring) {
    path_ = PlaceOf("vrings", place);
    ring_ = ring.index;
    if (ring.index >= traits_.queues) {
      Bad(kRingIndex, "the device has only ", traits_.queues, " queues");
      return;
    }
    if (rings_.count(ring.index) != 0) {
      Bad(kRingIndex, "it occurs twice");
      return;
    }
    rings_[ring.index] =
        std::visit([this](const auto& position) { return Position(position); },
                   ring.position);
  }

  void AddBuffer(absl::string_view field, size_t place, const Request& buffer,
                 bool event) {
    path_ = PlaceOf(field, place);
    ring_ = buffer.ring;
    const auto ring = rings_.find(buffer.ring);
    if (ring == rings_.end()) {
      Bad(kRequestRing, "it is not set up, and the request with head ",
          buffer.head, " is in flight there");
      return;
    }
    const QueueUse use = traits_.use ? traits_.use(buffer.ring) : QueueUse();
    if (event ? !use.events : !use.requests) {
      Bad(kRequestRing, event ? "buffer" : "request", " with head ",
          buffer.head,
          event        ? " is parked in a queue without events"
          : use.events ? " in flight in a queue of events"
                       : " in flight in a receive queue");
      return;
    }
    if (!ring->second.has_value()) return;
    CheckChain(buffer, *ring->second);
    Seen& here = seen_[buffer.ring];
    if (!here.heads.insert(buffer.head).second) {
      Bad(kRequestHead, "two requests with head ", buffer.head);
    }
    if (!here.sequences.insert(buffer.sequence).second) {
      Bad(kRequestOrder, "two requests with sequence ", buffer.sequence);
    }
    here.descriptors += buffer.descriptor_count;
  }

  void CheckCounts(const std::vector<Ring>& rings) {
    for (size_t i = 0; i < rings.size(); ++i) {
      const auto ring = rings_.find(rings[i].index);
      if (ring == rings_.end() || !ring->second.has_value()) continue;
      path_ = PlaceOf("vrings", i);
      ring_ = rings[i].index;
      CheckCount(*ring->second, seen_[ring_]);
    }
  }

 private:
  struct Seen {
    std::set<uint32_t> heads;
    std::set<uint64_t> sequences;
    uint64_t descriptors = 0;
  };

  template <typename... Parts>
  void Bad(const DeviceRule& rule, const Parts&... what) {
    broken_.Add(rule, path_, "ring ", ring_, ": ", what...);
  }

  bool Negotiated(int bit) const {
    return (traits_.acked_features >> bit & 1) != 0;
  }

  bool IsBelow(const DeviceRule& rule, absl::string_view what, uint32_t value,
               uint32_t limit) {
    if (value < limit) return true;
    Bad(rule, what, " ", value, " is not below ", limit);
    return false;
  }

  bool IsSize(uint32_t size) {
    if (size == 0) Bad(kRingSize, "its size is 0");
    return size != 0;
  }

  std::optional<Taken> Position(const SplitPosition& position) {
    if (Negotiated(kRingPackedBit)) {
      Bad(rules::kRingLayout,
          "it is split, and VIRTIO_F_RING_PACKED was negotiated");
      return std::nullopt;
    }
    if (!IsSize(position.size)) return std::nullopt;
    if ((position.size & (position.size - 1)) != 0) {
      Bad(kRingSize, "its size ", position.size, " is no power of two");
      return std::nullopt;
    }
    if (!IsBelow(kRingPosition, "last_avail_idx", position.last_avail_idx,
                 kIndexes) ||
        !IsBelow(kRingPosition, "used_idx", position.used_idx, kIndexes)) {
      return std::nullopt;
    }
    const uint32_t amount =
        (position.last_avail_idx - position.used_idx) % kIndexes;
    if (amount > position.size) {
      Bad(kRingPosition, "used_idx ", position.used_idx, " is ", amount,
          " behind last_avail_idx ", position.last_avail_idx,
          ", more than its size ", position.size);
      return std::nullopt;
    }
    if (position.notified_used_idx.has_value() &&
        IsNegotiatedNotified("notified_used_idx")) {
      IsBelow(kRingNotified, "notified_used_idx", *position.notified_used_idx,
              kIndexes);
    }
    return Taken{position.size, false, amount};
  }

  std::optional<Taken> Position(const PackedPosition& position) {
    if (!Negotiated(kRingPackedBit)) {
      Bad(rules::kRingLayout,
          "it is packed, and VIRTIO_F_RING_PACKED was not negotiated");
      return std::nullopt;
    }
    const uint32_t size = position.size;
    if (!IsSize(size) ||
        !IsBelow(kRingPosition, "avail_idx", position.avail_idx, size) ||
        !IsBelow(kRingPosition, "used_idx", position.used_idx, size)) {
      return std::nullopt;
    }
    const bool same_lap = position.avail_wrap == position.used_wrap;
    if (same_lap ? position.avail_idx < position.used_idx
                 : position.avail_idx > position.used_idx) {
      Bad(kRingPosition, "used_idx ", position.used_idx, " and avail_idx ",
          position.avail_idx, " of ", same_lap ? "one lap" : "two laps",
          " are more than its size ", size, " apart");
      return std::nullopt;
    }
    if (position.notified_used.has_value() &&
        IsNegotiatedNotified("notified_used") &&
        IsBelow(kRingNotified, "notified_used", *position.notified_used,
                kIndexes)) {
      IsBelow(kRingNotified, "the offset of notified_used",
              *position.notified_used % (kIndexes / 2), size);
    }
    return Taken{
        size, true,
        position.avail_idx + (same_lap ? 0 : size) - position.used_idx};
  }

  bool IsNegotiatedNotified(absl::string_view what) {
    if (Negotiated(kRingEventIdxBit)) return true;
    Bad(kRingNotified, what, " without VIRTIO_F_EVENT_IDX");
    return false;
  }

  void CheckChain(const Request& buffer, const Taken& ring) {
    const std::string which = absl::StrCat("request with head ", buffer.head);
    const uint32_t limit = ring.packed ? kIndexes : ring.size;
    if (buffer.head >= limit) {
      Bad(kRequestHead, which, ", which is not below ", limit);
    }
    if (buffer.descriptor_count == 0 || buffer.descriptor_count > ring.size) {
      Bad(kRequestChain, which, " has ", buffer.descriptor_count,
          " descriptors, expected 1 to ", ring.size);
    }
    const size_t carried = ring.packed ? buffer.descriptor_count : 0;
    if (buffer.descriptors.size() != carried) {
      Bad(kRequestChain, which, " carries ", buffer.descriptors.size(),
          " descriptors, expected ", carried, " in a ",
          ring.packed ? "packed" : "split", " ring");
    }
    for (const Descriptor& descriptor : buffer.descriptors) {
      if (descriptor.flags >= kIndexes) {
        Bad(kRequestChain, which, " has a descriptor with flags 0x",
            absl::Hex(descriptor.flags), ", more than 16 bits");
      }
    }
  }

  void CheckCount(const Taken& ring, const Seen& here) {
    if (here.descriptors > ring.size) {
      Bad(kRingCount, "requests with ", here.descriptors,
          " descriptors in flight, its size is ", ring.size);
      return;
    }
    const uint64_t found = ring.packed ? here.descriptors : here.heads.size();
    if (found != ring.amount) {
      Bad(kRingCount, "its position says that ", ring.amount,
          ring.packed ? " descriptors" : " requests",
          " are in flight, and there are ", found);
    }
  }

  const RingTraits& traits_;
  BrokenRules& broken_;
  // Without a value: the ring is there and its position is wrong.
  std::map<uint32_t, std::optional<Taken>> rings_;
  std::map<uint32_t, Seen> seen_;
  // The place that is looked at.
  std::string path_;
  uint32_t ring_ = 0;
};

}  // namespace

void CheckRings(const RingTraits& traits, const std::vector<Ring>& rings,
                const std::vector<Request>& inflight,
                const std::vector<Request>& parked, BrokenRules* broken) {
  RingChecker checker(traits, broken);
  for (size_t i = 0; i < rings.size(); ++i) checker.AddRing(i, rings[i]);
  for (size_t i = 0; i < inflight.size(); ++i) {
    checker.AddBuffer("inflight", i, inflight[i], /*event=*/false);
  }
  for (size_t i = 0; i < parked.size(); ++i) {
    checker.AddBuffer("parked", i, parked[i], /*event=*/true);
  }
  checker.CheckCounts(rings);
}

const std::vector<const DeviceRule*>& RingRules() {
  static const auto& all = *new std::vector<const DeviceRule*>{
      &kRingIndex,    &rules::kRingLayout, &kRingSize,    &kRingPosition,
      &kRingNotified, &kRingCount,         &kRequestRing, &kRequestHead,
      &kRequestOrder, &kRequestChain};
  return all;
}

}  // namespace devstate::virtio
