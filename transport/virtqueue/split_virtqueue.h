// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VIRTQUEUE_SPLIT_VIRTQUEUE_H_
#define DEVSTATE_TRANSPORT_VIRTQUEUE_SPLIT_VIRTQUEUE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/virtqueue/virtqueue.h"

namespace devstate::virtqueue {

// A split ring (VIRTIO 1.3, section 2.7).
class SplitVirtqueue : public Virtqueue {
 public:
  // As OpenVirtqueue().
  static absl::StatusOr<std::unique_ptr<Virtqueue>> Open(
      const vhost_user::RingSetup& setup, const GuestMemory& memory);

  absl::StatusOr<std::optional<Chain>> Take() override;
  absl::StatusOr<Chain> Reread(uint16_t id) override;
  void Publish(const std::vector<Used>& answers) override;
  bool WantsNotification() const override;
  uint32_t size() const override { return size_; }
  bool packed() const override { return false; }
  RingPosition position() const override;
  void Seek(const RingPosition& position) override;
  uint32_t base() const override { return last_avail_; }
  bool IsAvailable(PackedPlace) const override { return false; }

 private:
  SplitVirtqueue(const GuestMemory& memory, uint32_t size, uint16_t last_avail)
      : memory_(memory), size_(size), last_avail_(last_avail) {}

  const GuestMemory memory_;  // keeps the ring mapped
  const uint32_t size_;       // a power of two
  uint16_t last_avail_;
  uint16_t used_ = 0;
  const char* descriptors_ = nullptr;
  const char* available_ = nullptr;
  char* used_ring_ = nullptr;
};

}  // namespace devstate::virtqueue

#endif  // DEVSTATE_TRANSPORT_VIRTQUEUE_SPLIT_VIRTQUEUE_H_
