// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A virtqueue that knows its requests in flight, after a crash too.

#ifndef DEVSTATE_RECOVERY_TRACKED_QUEUE_H_
#define DEVSTATE_RECOVERY_TRACKED_QUEUE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/devices/virtio/ring_model.h"
#include "devstate/recovery/inflight_region.h"
#include "devstate/recovery/packed_inflight.h"
#include "devstate/recovery/split_inflight.h"
#include "devstate/transport/vhost_user/data_plane.h"
#include "devstate/transport/virtqueue/guest_memory.h"
#include "devstate/transport/virtqueue/virtqueue.h"

namespace devstate::recovery {

// Returns what SET_VRING_BASE says for a ring that stands as `ring` does.
uint32_t BaseOf(const virtio::Ring& ring);

// Where a queue starts, and what it starts with.
struct TrackedQueueSetup {
  uint32_t ring = 0;
  const vhost_user::RingSetup* setup = nullptr;
  // Whether VIRTIO_F_RING_PACKED was negotiated.
  bool packed = false;
  // The memory of requests in flight, which stays mapped as long as the queue
  // lives. Default: null, requests do not outlive the process. Neither do they
  // if it is for fewer queues, or for rings of the other kind.
  std::shared_ptr<const InflightRegion> region;
  // The requests in flight of a loaded state. Memory with requests of its own
  // knows better, and they are dropped.
  std::vector<virtio::Request> loaded;
};

// Takes chains, answers them, and records which are in flight. Everything is
// copied on the way in: neither a driver nor a damaged region can change it
// later. Thread-safety: none.
class TrackedQueue {
 public:
  // Opens the ring and finds what is in flight. INVALID_ARGUMENT for a ring or
  // requests that cannot be; DATA_LOSS for a damaged region.
  static absl::StatusOr<std::unique_ptr<TrackedQueue>> Open(
      const TrackedQueueSetup& setup, const virtqueue::GuestMemory& memory);

  // Returns the chains that were in flight at Open(), in the order in which
  // they were taken. They are to be submitted again before any other.
  std::vector<virtqueue::Chain> TakeResubmissions() {
    return std::move(resubmissions_);
  }

  // Takes the next chain and records it; nullopt if there is none.
  // INVALID_ARGUMENT if the driver breaks the rules. The queue takes nothing
  // more then.
  absl::StatusOr<std::optional<virtqueue::Chain>> Take();

  // An answer to the chain `id`, which is in flight.
  struct Answer {
    uint16_t id = 0;
    uint32_t written = 0;  // bytes
  };
  // Publishes answers, in this order. A split ring's become visible together.
  void Complete(const std::vector<Answer>& answers);
  // Returns whether the driver wants to be notified of them.
  bool WantsNotification() const { return queue_->WantsNotification(); }

  // Returns what GET_VRING_BASE says.
  uint32_t base() const { return queue_->base(); }
  size_t inflight() const { return inflight_.size(); }
  // Return the ring and its requests in flight as a state has them.
  virtio::Ring Ring(bool enabled) const;
  std::vector<virtio::Request> Requests() const;

 private:
  struct InFlight {
    uint64_t sequence = 0;
    uint16_t entry = 0;                              // of the packed memory
    uint16_t count = 0;                              // of descriptors
    std::vector<virtqueue::Descriptor> descriptors;  // of a packed ring
  };

  TrackedQueue(uint32_t ring, std::unique_ptr<virtqueue::Virtqueue> queue)
      : ring_(ring), queue_(std::move(queue)) {}
  void UseRegion(std::shared_ptr<const InflightRegion> region);
  absl::Status Recover(const TrackedQueueSetup& setup);
  absl::Status Adopt(std::vector<virtio::Request> requests);
  absl::Status Record(const virtqueue::Chain& chain);
  absl::Status Remember(const virtqueue::Chain& chain, uint16_t entry);
  // Removes a chain and returns it as an answer to the ring.
  virtqueue::Used Forget(const Answer& answer);

  const uint32_t ring_;
  const std::unique_ptr<virtqueue::Virtqueue> queue_;
  std::shared_ptr<const InflightRegion> region_;  // keeps the next ones mapped
  std::optional<SplitInflight> split_;
  std::optional<PackedInflight> packed_;
  std::map<uint16_t, InFlight> inflight_;  // by the chain's id
  uint32_t descriptors_ = 0;               // in flight
  uint64_t sequence_ = 0;
  std::vector<virtqueue::Chain> resubmissions_;
  absl::Status broken_;
};

}  // namespace devstate::recovery

#endif  // DEVSTATE_RECOVERY_TRACKED_QUEUE_H_
