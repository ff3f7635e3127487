// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The data plane of a virtio-blk device: rings, guest memory, requests in
// flight. What of it is state is a BlkModel.

#ifndef DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_DATA_PLANE_H_
#define DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_DATA_PLANE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/recovery/inflight_region.h"
#include "devstate/transport/vhost_user/data_plane.h"
#include "devstate/transport/virtqueue/guest_memory.h"
#include "examples/blk_backend/blk_queue.h"
#include "examples/blk_backend/disk.h"
#include "examples/blk_backend/worker_pool.h"

namespace devstate::blk::examples {

// The most buffers of a request. With header and status it fits a ring of 128.
inline constexpr uint32_t kSegMax = 126;

// The feature bits of the device, those of vhost-user not among them.
uint64_t OfferedBlkFeatures();

struct BlkOptions {
  std::string device_id;
  uint32_t queues = 1;   // 1 to 256
  uint32_t workers = 4;  // threads
  // The time that each request takes at least, as on a slow disk.
  uint32_t latency_us = 0;
  std::function<void(absl::string_view line)> log;
};

// The state of the device while its rings are stopped.
struct BlkModel {
  uint64_t acked_features = 0;  // of virtio
  bool writeback = true;
  std::vector<virtio::Ring> rings;
  std::vector<virtio::Request> requests;
};

// Serves the rings of a disk. The control thread calls the methods of
// DataPlane; model() and Load() may be called on another thread while no ring
// runs.
class BlkDataPlane : public vhost_user::DataPlane {
 public:
  // Requires: `disk` outlives this.
  BlkDataPlane(Disk* disk, BlkOptions options);

  const BlkOptions& options() const { return options_; }
  uint64_t capacity() const { return disk_.size() / kSectorSize; }

  BlkModel model() const;
  // Puts a state into force. Its requests are submitted when their rings start.
  void Load(const BlkModel& model);

  absl::Status SetFeatures(uint64_t features,
                           uint64_t protocol_features) override;
  absl::Status SetMemory(
      std::vector<vhost_user::MemoryRegion> regions) override;
  absl::Status AddMemory(vhost_user::MemoryRegion region) override;
  absl::Status RemoveMemory(const vhost_user::MemoryRegion& region) override;
  absl::StatusOr<vhost_user::InflightMemory> MakeInflight(
      uint16_t queues, uint16_t queue_size) override;
  absl::Status SetInflight(vhost_user::InflightMemory memory) override;
  absl::Status StartRing(uint32_t ring, vhost_user::RingSetup setup) override;
  absl::Status EnableRing(uint32_t ring, bool enabled) override;
  absl::Status SetCall(uint32_t ring, FileDescriptor call) override;
  absl::StatusOr<uint32_t> StopRing(uint32_t ring,
                                    vhost_user::RingStop stop) override;
  std::string Config() override;
  absl::Status SetConfig(uint32_t offset, absl::string_view bytes) override;
  void ResetRings() override;
  void Disconnect() override;

 private:
  bool packed() const;
  // Waits for as long as the disk is to be slow. Called for each request.
  BlkTarget Target() const;
  void ShareMemory();
  // Returns what a ring left in flight when it stopped at this base.
  std::vector<virtio::Request> LeftInFlight(uint32_t ring, uint32_t base) const;

  Disk& disk_;
  const BlkOptions options_;
  WorkerPool pool_;
  virtqueue::GuestMemory memory_;
  std::shared_ptr<const recovery::InflightRegion> inflight_;

  mutable std::mutex mutex_;  // guards what follows
  uint64_t features_ = 0;     // acknowledged, of virtio
  bool writeback_ = true;
  std::map<uint32_t, StoppedRing> stopped_;

  // Last: they use the rest.
  std::map<uint32_t, std::unique_ptr<BlkQueue>> queues_;
};

}  // namespace devstate::blk::examples

#endif  // DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_DATA_PLANE_H_
