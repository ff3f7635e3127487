// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_DATA_PLANE_RINGS_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_DATA_PLANE_RINGS_H_

#include <cstdint>
#include <map>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/vhost_user/data_plane.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

// Collects what a front-end says about each ring until the data plane can start
// it. A ring that is kicked before it has a size and an address stays without
// one: that is how a front-end without a guest starts it. Thread-safety: none.
class DataPlaneRings {
 public:
  // Requires: `plane` outlives this.
  explicit DataPlaneRings(DataPlane* plane) : plane_(*plane) {}

  // Carries out a request about `ring` that returns nothing.
  absl::Status Apply(uint32_t ring, Message& request);
  // Stops a ring. nullopt if the data plane has never started it.
  absl::StatusOr<std::optional<uint32_t>> Stop(uint32_t ring, RingStop stop);
  // Stops all rings, keeping what is in flight.
  absl::Status StopAll();
  // Forgets everything. Requires: the data plane has stopped.
  void Clear() {
    rings_.clear();
    enabled_at_start_ = false;
  }

  // Sets whether rings are enabled from the start, as they are for a front-end
  // that knows no protocol features.
  void set_enabled_at_start(bool enabled) { enabled_at_start_ = enabled; }

 private:
  struct Ring {
    uint32_t size = 0;
    std::optional<RingAddress> address;
    uint32_t base = 0;
    bool enabled = false;
    // Kept while the ring runs: a front-end need not send it before each start.
    FileDescriptor call;
    bool running = false;
  };

  absl::Status Start(uint32_t index, Ring& ring, Message& kick);

  DataPlane& plane_;
  bool enabled_at_start_ = false;
  std::map<uint32_t, Ring> rings_;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_DATA_PLANE_RINGS_H_
