// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/virtio/ring_messages.h"

#include "absl/strings/str_cat.h"

namespace devstate::virtio {

std::vector<Ring> RingsOf(const google::protobuf::RepeatedPtrField<
                              ::devices::virtio::v1::Vring>& vrings,
                          BrokenRules* broken) {
  std::vector<Ring> rings;
  rings.reserve(vrings.size());
  for (int i = 0; i < vrings.size(); ++i) {
    const ::devices::virtio::v1::Vring& vring = vrings[i];
    Ring& ring = rings.emplace_back();
    ring.index = vring.index();
    ring.enabled = vring.enabled();
    if (vring.has_packed()) {
      const ::devices::virtio::v1::PackedRing& packed = vring.packed();
      PackedPosition& position = ring.position.emplace<PackedPosition>();
      position.size = packed.size();
      position.avail_idx = packed.avail_idx();
      position.avail_wrap = packed.avail_wrap_counter();
      position.used_idx = packed.used_idx();
      position.used_wrap = packed.used_wrap_counter();
      if (packed.has_notified_used()) {
        position.notified_used = packed.notified_used();
      }
    } else if (vring.has_split()) {
      const ::devices::virtio::v1::SplitRing& split = vring.split();
      SplitPosition& position = ring.position.emplace<SplitPosition>();
      position.size = split.size();
      position.last_avail_idx = split.last_avail_idx();
      position.used_idx = split.used_idx();
      if (split.has_notified_used_idx()) {
        position.notified_used_idx = split.notified_used_idx();
      }
    } else {
      broken->Add(rules::kRingLayout, PlaceOf("vrings", i), "ring ",
                  vring.index(), ": it is neither split nor packed");
    }
  }
  return rings;
}

}  // namespace devstate::virtio
