// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The memory of requests in flight: one file, a part of it for each queue.

#ifndef DEVSTATE_RECOVERY_INFLIGHT_REGION_H_
#define DEVSTATE_RECOVERY_INFLIGHT_REGION_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "devstate/transport/vhost_user/payloads.h"

namespace devstate::recovery {

// Maps the memory. A front-end keeps its file while no back-end runs.
// Thread-safety: as of a const object.
class InflightRegion {
 public:
  // The most queues and descriptors that a region may be for.
  static constexpr uint16_t kMaxQueues = 256;
  static constexpr uint16_t kMaxQueueSize = 32768;

  // Makes fresh memory in a memfd that nobody can shrink. INVALID_ARGUMENT if
  // the numbers are 0 or too large.
  static absl::StatusOr<std::unique_ptr<InflightRegion>> Create(
      uint16_t queues, uint16_t queue_size, bool packed);

  // Maps memory that a front-end gives back. Its contents are not looked at.
  // INVALID_ARGUMENT if they cannot be where the description says.
  static absl::StatusOr<std::unique_ptr<InflightRegion>> Map(
      vhost_user::InflightMemory memory, bool packed);

  ~InflightRegion();
  InflightRegion(const InflightRegion&) = delete;
  InflightRegion& operator=(const InflightRegion&) = delete;

  // Returns the description with a descriptor of its own.
  absl::StatusOr<vhost_user::InflightMemory> Share() const;

  bool packed() const { return packed_; }
  uint16_t queues() const { return memory_.description.num_queues; }
  uint16_t queue_size() const { return memory_.description.queue_size; }
  // Returns the memory of one queue, InflightStride() bytes that are aligned to
  // 64. Requires: `queue` is below queues().
  char* queue(uint16_t queue) const;

 private:
  InflightRegion(vhost_user::InflightMemory memory, bool packed, char* base);

  const vhost_user::InflightMemory memory_;
  const bool packed_;
  char* const base_;
};

}  // namespace devstate::recovery

#endif  // DEVSTATE_RECOVERY_INFLIGHT_REGION_H_
