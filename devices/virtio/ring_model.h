// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The virtqueues of a device as a back-end knows them.
// proto/devices/virtio/v1/vring.proto says what each field means.

#ifndef DEVSTATE_DEVICES_VIRTIO_RING_MODEL_H_
#define DEVSTATE_DEVICES_VIRTIO_RING_MODEL_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace devstate::virtio {

struct SplitPosition {
  uint32_t size = 0;
  uint32_t last_avail_idx = 0;
  uint32_t used_idx = 0;
  std::optional<uint32_t> notified_used_idx;
};

struct PackedPosition {
  uint32_t size = 0;
  uint32_t avail_idx = 0;
  bool avail_wrap = false;
  uint32_t used_idx = 0;
  bool used_wrap = false;
  std::optional<uint32_t> notified_used;
};

struct Ring {
  uint32_t index = 0;
  bool enabled = false;
  std::variant<SplitPosition, PackedPosition> position;
};

struct Descriptor {
  uint64_t address = 0;
  uint32_t length = 0;
  uint32_t flags = 0;
};

// A request or an event's buffer that was taken from a ring and is not
// answered.
struct Request {
  uint32_t ring = 0;
  uint32_t head = 0;
  uint64_t sequence = 0;
  uint32_t descriptor_count = 0;
  // The descriptors of the request, for packed rings only.
  std::vector<Descriptor> descriptors;
};

}  // namespace devstate::virtio

#endif  // DEVSTATE_DEVICES_VIRTIO_RING_MODEL_H_
