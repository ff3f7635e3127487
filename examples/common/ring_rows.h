// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The rings and requests of devices/virtio/v1 as rows of generated codecs. Each
// device type has row types of its own, with the same members.

#ifndef DEVSTATE_EXAMPLES_COMMON_RING_ROWS_H_
#define DEVSTATE_EXAMPLES_COMMON_RING_ROWS_H_

#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "devstate/devices/virtio/ring_model.h"

namespace devstate::examples {

// Returns the row of a ring.
template <typename VringRow>
VringRow ToRingRow(const virtio::Ring& ring) {
  VringRow row;
  row.index = ring.index;
  row.enabled = ring.enabled;
  if (const auto* split = std::get_if<virtio::SplitPosition>(&ring.position)) {
    row.split.emplace();
    row.split->size = split->size;
    row.split->last_avail_idx = split->last_avail_idx;
    row.split->used_idx = split->used_idx;
    row.split->notified_used_idx = split->notified_used_idx;
  } else {
    const auto& packed = std::get<virtio::PackedPosition>(ring.position);
    row.packed.emplace();
    row.packed->size = packed.size;
    row.packed->avail_idx = packed.avail_idx;
    row.packed->avail_wrap_counter = packed.avail_wrap;
    row.packed->used_idx = packed.used_idx;
    row.packed->used_wrap_counter = packed.used_wrap;
    row.packed->notified_used = packed.notified_used;
  }
  return row;
}

// Returns the ring of a row. INVALID_ARGUMENT if it is neither split nor
// packed.
template <typename VringRow>
absl::StatusOr<virtio::Ring> RingOfRow(const VringRow& row) {
  virtio::Ring ring;
  ring.index = row.index;
  ring.enabled = row.enabled;
  if (row.split.has_value()) {
    ring.position = virtio::SplitPosition{
        row.split->size, row.split->last_avail_idx, row.split->used_idx,
        row.split->notified_used_idx};
  } else if (row.packed.has_value()) {
    ring.position = virtio::PackedPosition{row.packed->size,
                                           row.packed->avail_idx,
                                           row.packed->avail_wrap_counter,
                                           row.packed->used_idx,
                                           row.packed->used_wrap_counter,
                                           row.packed->notified_used};
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("ring ", row.index, ": it has no position"));
  }
  return ring;
}

// Returns the row of a request. It refers to `descriptors`, which this fills.
template <typename RequestRow, typename DescriptorRow>
RequestRow ToRequestRow(const virtio::Request& request,
                        std::vector<DescriptorRow>* descriptors) {
  descriptors->clear();
  for (const virtio::Descriptor& descriptor : request.descriptors) {
    descriptors->push_back(
        {descriptor.address, descriptor.length, descriptor.flags});
  }
  return RequestRow{request.ring, request.head, request.sequence,
                    request.descriptor_count, *descriptors};
}

// Returns the request of a row.
template <typename RequestRow>
virtio::Request RequestOfRow(const RequestRow& row) {
  virtio::Request request;
  request.ring = row.vring;
  request.head = row.head;
  request.sequence = row.sequence;
  request.descriptor_count = row.descriptor_count;
  for (const auto& descriptor : row.descriptors) {
    request.descriptors.push_back(
        {descriptor.address, descriptor.length, descriptor.flags});
  }
  return request;
}

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_COMMON_RING_ROWS_H_
