// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The rings in the messages of devices/virtio/v1, checked.

#ifndef DEVSTATE_DEVICES_VIRTIO_RING_MESSAGES_H_
#define DEVSTATE_DEVICES_VIRTIO_RING_MESSAGES_H_

#include <cstddef>
#include <vector>

#include "devices/virtio/v1/parked_buffer.pb.h"
#include "devices/virtio/v1/vring.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_model.h"
#include "google/protobuf/repeated_field.h"

namespace devstate::virtio {

// Returns the rings. One without a layout breaks a rule and counts as split
// with size 0.
std::vector<Ring> RingsOf(const google::protobuf::RepeatedPtrField<
                              ::devices::virtio::v1::Vring>& vrings,
                          BrokenRules* broken);

// Returns the buffers, each an InflightRequest or a ParkedBuffer.
template <typename Buffers>
std::vector<Request> BuffersOf(const Buffers& buffers) {
  std::vector<Request> result;
  result.reserve(buffers.size());
  for (const auto& buffer : buffers) {
    Request& request = result.emplace_back();
    request.ring = buffer.vring();
    request.head = buffer.head();
    request.sequence = buffer.sequence();
    request.descriptor_count = buffer.descriptor_count();
    for (const auto& part : buffer.descriptors()) {
      request.descriptors.push_back(
          {part.address(), part.length(), part.flags()});
    }
  }
  return result;
}

// Does CheckRings() for the root message of a device with `queues` queues that
// parks no buffers.
template <typename State>
void CheckRingsOf(const State& state, uint32_t queues, BrokenRules* broken) {
  CheckRings({state.acked_features(), queues, nullptr},
             RingsOf(state.vrings(), broken), BuffersOf(state.inflight()), {},
             broken);
}

// Does it for one that parks buffers. `use` says in which queues.
template <typename State, typename Use>
void CheckRingsOf(const State& state, uint32_t queues, Use use,
                  BrokenRules* broken) {
  CheckRings({state.acked_features(), queues, use},
             RingsOf(state.vrings(), broken), BuffersOf(state.inflight()),
             BuffersOf(state.parked()), broken);
}

}  // namespace devstate::virtio

#endif  // DEVSTATE_DEVICES_VIRTIO_RING_MESSAGES_H_
