// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/net_backend/guest_updates.h"

#include <algorithm>
#include <utility>

namespace devstate::net::examples {
namespace {

// Moves the device's place in the ring on: by a chain that it has taken, of one
// descriptor, and by one of `answered` descriptors that it has answered.
void MoveOn(uint32_t taken, uint32_t answered, SplitPosition* position) {
  constexpr uint32_t kIndices = 1 << 16;
  position->last_avail_idx = (position->last_avail_idx + taken) % kIndices;
  position->used_idx =
      (position->used_idx + (answered == 0 ? 0 : 1)) % kIndices;
  if (position->notified_used_idx) {
    position->notified_used_idx = position->used_idx;
  }
}

void MoveOn(uint32_t taken, uint32_t answered, PackedPosition* position) {
  const auto advance = [position](uint32_t count, uint32_t* index, bool* wrap) {
    *index += count;
    if (*index < position->size) return;
    *index -= position->size;
    *wrap = !*wrap;
  };
  advance(taken, &position->avail_idx, &position->avail_wrap);
  advance(answered, &position->used_idx, &position->used_wrap);
  if (position->notified_used) {
    position->notified_used =
        position->used_idx | (position->used_wrap ? 1u << 15 : 0);
  }
}

void MoveOn(uint32_t taken, uint32_t answered, Ring* ring) {
  std::visit([&](auto& position) { MoveOn(taken, answered, &position); },
             ring->position);
}

}  // namespace

ModelChange UpdateAsGuest(uint64_t update, NetModel* model) {
  ModelChange change;
  if (update % 3 == 1 && model->receive_mode.has_value()) {
    model->receive_mode->promisc = !model->receive_mode->promisc;
    return change;
  }
  if (update % 3 == 2 && !model->requests.empty()) {
    change.answered = std::move(model->requests.front());
    model->requests.erase(model->requests.begin());
    const auto ring = std::find_if(
        model->rings.begin(), model->rings.end(), [&change](const Ring& each) {
          return each.index == change.answered->ring;
        });
    change.ring = static_cast<size_t>(ring - model->rings.begin());
    MoveOn(0, change.answered->descriptor_count, &*ring);
    return change;
  }
  change.ring = update % model->rings.size();
  MoveOn(1, 1, &model->rings[*change.ring]);
  return change;
}

}  // namespace devstate::net::examples
