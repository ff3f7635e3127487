// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The interface between the protocol and a device that serves its rings.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_DATA_PLANE_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_DATA_PLANE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/payloads.h"

namespace devstate::vhost_user {

// Where a ring starts.
struct RingSetup {
  uint32_t size = 0;  // in descriptors, as SET_VRING_NUM said
  RingAddress address;
  // As SET_VRING_BASE said. A packed ring has both of its positions in it.
  uint32_t base = 0;
  FileDescriptor kick;  // valid
  FileDescriptor call;  // empty: the driver is not to be notified
  bool enabled = false;
};

// What becomes of requests in flight when their ring stops.
enum class RingStop {
  kDrain,  // they are completed first
  kKeep,   // they stay in flight, recorded in the region
};

// Serves the rings of a device. VhostUserDevice calls it on the control thread.
// An error refuses the request: with a non-zero acknowledgement if the
// front-end asked for one, else by the end of the connection.
class DataPlane {
 public:
  virtual ~DataPlane() = default;

  // Takes the acknowledged virtio and protocol features. Called at
  // SET_FEATURES, which comes before any of the rest.
  virtual absl::Status SetFeatures(uint64_t features,
                                   uint64_t protocol_features) = 0;

  // Replace the guest's memory, add a region, remove one. Rings may be running.
  // Memory that a request in flight uses must stay mapped until that is done.
  // An error leaves the memory as it was.
  virtual absl::Status SetMemory(std::vector<MemoryRegion> regions) = 0;
  virtual absl::Status AddMemory(MemoryRegion region) = 0;
  virtual absl::Status RemoveMemory(const MemoryRegion& region) = 0;

  // Makes memory for the requests in flight of so many queues (GET_INFLIGHT_FD)
  // and keeps it, or takes back what a front-end has kept (SET_INFLIGHT_FD).
  virtual absl::StatusOr<InflightMemory> MakeInflight(uint16_t queues,
                                                      uint16_t queue_size) = 0;
  virtual absl::Status SetInflight(InflightMemory memory) = 0;

  // Starts a ring that is stopped. Requests are taken from it while it is
  // enabled.
  virtual absl::Status StartRing(uint32_t ring, RingSetup setup) = 0;
  virtual absl::Status EnableRing(uint32_t ring, bool enabled) = 0;
  virtual absl::Status SetCall(uint32_t ring, FileDescriptor call) = 0;
  // Stops a started ring and returns its base. From then on the device touches
  // no guest memory for it.
  virtual absl::StatusOr<uint32_t> StopRing(uint32_t ring, RingStop stop) = 0;

  // Return and change the configuration space, at most 256 bytes of it.
  virtual std::string Config() = 0;
  virtual absl::Status SetConfig(uint32_t offset, absl::string_view bytes) = 0;

  // Forgets where stopped rings stood: the driver begins anew. Called when all
  // rings are stopped (RESET_DEVICE).
  virtual void ResetRings() = 0;

  // Stops all rings, keeping what is in flight, and forgets what this front-end
  // has set. Its connection is over.
  virtual void Disconnect() = 0;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_DATA_PLANE_H_
