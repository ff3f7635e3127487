// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/blk_backend/blk_data_plane.h"

#include <endian.h>

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/recovery/tracked_queue.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "examples/blk_backend/blk_protocol.h"

namespace devstate::blk::examples {
namespace {

// Acknowledged bits that belong to vhost-user.
constexpr uint64_t kTransportFeatures =
    vhost_user::kVhostUserFProtocolFeatures | vhost_user::kVhostFLogAll;

}  // namespace

uint64_t OfferedBlkFeatures() {
  return kBlkSegMax | kBlkBlkSize | kBlkFlush | kBlkConfigWce | kBlkMq |
         kBlkDiscard | kBlkWriteZeroes | vhost_user::kVirtioFVersion1 |
         vhost_user::kVirtioFRingPacked;
}

BlkDataPlane::BlkDataPlane(Disk* disk, BlkOptions options)
    : disk_(*disk), options_(std::move(options)), pool_(options_.workers) {}

BlkModel BlkDataPlane::model() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  BlkModel model;
  model.acked_features = features_;
  model.writeback = writeback_;
  for (const auto& [index, stopped] : stopped_) {
    model.rings.push_back(stopped.ring);
    model.requests.insert(model.requests.end(), stopped.requests.begin(),
                          stopped.requests.end());
  }
  return model;
}

void BlkDataPlane::Load(const BlkModel& model) {
  const std::lock_guard<std::mutex> lock(mutex_);
  features_ = model.acked_features;
  writeback_ = model.writeback;
  stopped_.clear();
  for (const virtio::Ring& ring : model.rings) {
    StoppedRing& stopped = stopped_[ring.index];
    stopped.ring = ring;
    stopped.base = recovery::BaseOf(ring);
  }
  for (const virtio::Request& request : model.requests) {
    stopped_[request.ring].requests.push_back(request);
  }
}

bool BlkDataPlane::packed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return (features_ & vhost_user::kVirtioFRingPacked) != 0;
}

BlkTarget BlkDataPlane::Target() const {
  if (options_.latency_us != 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(options_.latency_us));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return {&disk_, options_.device_id, writeback_};
}

absl::Status BlkDataPlane::SetFeatures(uint64_t features, uint64_t) {
  const std::lock_guard<std::mutex> lock(mutex_);
  features_ = features & ~kTransportFeatures;
  return absl::OkStatus();
}

void BlkDataPlane::ShareMemory() {
  for (auto& [index, queue] : queues_) queue->SetMemory(memory_);
}

absl::Status BlkDataPlane::SetMemory(
    std::vector<vhost_user::MemoryRegion> regions) {
  virtqueue::GuestMemory memory;
  for (const vhost_user::MemoryRegion& region : regions) {
    DS_RETURN_IF_ERROR(memory.Add(region));
  }
  memory_ = std::move(memory);
  ShareMemory();
  return absl::OkStatus();
}

absl::Status BlkDataPlane::AddMemory(vhost_user::MemoryRegion region) {
  DS_RETURN_IF_ERROR(memory_.Add(region));
  ShareMemory();
  return absl::OkStatus();
}

absl::Status BlkDataPlane::RemoveMemory(
    const vhost_user::MemoryRegion& region) {
  DS_RETURN_IF_ERROR(memory_.Remove(region));
  ShareMemory();
  return absl::OkStatus();
}

absl::StatusOr<vhost_user::InflightMemory> BlkDataPlane::MakeInflight(
    uint16_t queues, uint16_t queue_size) {
  DS_ASSIGN_OR_RETURN(inflight_, recovery::InflightRegion::Create(
                                     queues, queue_size, packed()));
  return inflight_->Share();
}

absl::Status BlkDataPlane::SetInflight(vhost_user::InflightMemory memory) {
  DS_ASSIGN_OR_RETURN(
      inflight_, recovery::InflightRegion::Map(std::move(memory), packed()));
  return absl::OkStatus();
}

std::vector<virtio::Request> BlkDataPlane::LeftInFlight(uint32_t ring,
                                                        uint32_t base) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto stopped = stopped_.find(ring);
  // A front-end that starts the ring elsewhere has it from another device, or
  // from a driver that was reset.
  if (stopped == stopped_.end() || stopped->second.base != base) return {};
  return stopped->second.requests;
}

absl::Status BlkDataPlane::StartRing(uint32_t ring,
                                     vhost_user::RingSetup setup) {
  if (ring >= options_.queues) {
    return absl::InvalidArgumentError(
        absl::StrCat("ring ", ring, ": the device has ", options_.queues,
                     "; give it more by --queues"));
  }
  recovery::TrackedQueueSetup tracked;
  tracked.ring = ring;
  tracked.setup = &setup;
  tracked.packed = packed();
  tracked.loaded = LeftInFlight(ring, setup.base);
  tracked.region = inflight_;
  DS_ASSIGN_OR_RETURN(std::unique_ptr<recovery::TrackedQueue> queue,
                      recovery::TrackedQueue::Open(tracked, memory_));
  if (queue->inflight() != 0) {
    options_.log(absl::StrCat("ring ", ring, ": ", queue->inflight(),
                              " requests are submitted again"));
  }
  const BlkQueue::Shared shared = {&pool_, [this] { return Target(); },
                                   options_.log};
  DS_ASSIGN_OR_RETURN(
      queues_[ring],
      BlkQueue::Start(shared, std::move(setup), std::move(queue), memory_));
  const std::lock_guard<std::mutex> lock(mutex_);
  stopped_.erase(ring);
  return absl::OkStatus();
}

absl::Status BlkDataPlane::EnableRing(uint32_t ring, bool enabled) {
  queues_.at(ring)->Enable(enabled);
  return absl::OkStatus();
}

absl::Status BlkDataPlane::SetCall(uint32_t ring, FileDescriptor call) {
  queues_.at(ring)->SetCall(std::move(call));
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> BlkDataPlane::StopRing(uint32_t ring,
                                                vhost_user::RingStop stop) {
  StoppedRing stopped = queues_.at(ring)->Stop(stop);
  queues_.erase(ring);
  const uint32_t base = stopped.base;
  const std::lock_guard<std::mutex> lock(mutex_);
  stopped_[ring] = std::move(stopped);
  return base;
}

std::string BlkDataPlane::Config() {
  BlkConfigSpace space = {};
  space.capacity = htole64(capacity());
  space.seg_max = htole32(kSegMax);
  space.blk_size = htole32(kSectorSize);
  space.num_queues = htole16(static_cast<uint16_t>(options_.queues));
  space.max_discard_sectors = space.max_write_zeroes_sectors =
      htole32(kMaxRangeSectors);
  space.max_discard_seg = space.max_write_zeroes_seg = htole32(kMaxRanges);
  space.discard_sector_alignment = htole32(1);
  space.write_zeroes_may_unmap = 1;
  const std::lock_guard<std::mutex> lock(mutex_);
  space.writeback = writeback_;
  return std::string(reinterpret_cast<const char*>(&space), sizeof(space));
}

absl::Status BlkDataPlane::SetConfig(uint32_t offset, absl::string_view bytes) {
  if (offset != offsetof(BlkConfigSpace, writeback) || bytes.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("SET_CONFIG: ", bytes.size(), " bytes at ", offset,
                     ", the driver may change the cache mode alone"));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  writeback_ = bytes[0] != 0;
  return absl::OkStatus();
}

void BlkDataPlane::ResetRings() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stopped_.clear();
}

void BlkDataPlane::Disconnect() {
  while (!queues_.empty()) {
    StopRing(queues_.begin()->first, vhost_user::RingStop::kKeep)
        .IgnoreError();  // it has none
  }
  inflight_.reset();
  memory_ = virtqueue::GuestMemory();
}

}  // namespace devstate::blk::examples
