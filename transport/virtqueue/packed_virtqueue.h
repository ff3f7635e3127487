// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VIRTQUEUE_PACKED_VIRTQUEUE_H_
#define DEVSTATE_TRANSPORT_VIRTQUEUE_PACKED_VIRTQUEUE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/virtqueue/virtqueue.h"

namespace devstate::virtqueue {

// A packed ring (VIRTIO 1.3, section 2.8).
class PackedVirtqueue : public Virtqueue {
 public:
  // As OpenVirtqueue().
  static absl::StatusOr<std::unique_ptr<Virtqueue>> Open(
      const vhost_user::RingSetup& setup, const GuestMemory& memory);

  absl::StatusOr<std::optional<Chain>> Take() override;
  absl::StatusOr<Chain> Reread(uint16_t id) override;
  // Requires: there is one answer.
  void Publish(const std::vector<Used>& answers) override;
  bool WantsNotification() const override;
  uint32_t size() const override { return size_; }
  bool packed() const override { return true; }
  RingPosition position() const override { return position_; }
  void Seek(const RingPosition& position) override { position_ = position; }
  uint32_t base() const override { return PackedBase(position_); }
  bool IsAvailable(PackedPlace place) const override;

 private:
  PackedVirtqueue(const GuestMemory& memory, uint32_t size, uint32_t base)
      : memory_(memory), size_(size), position_(PackedPosition(base)) {}

  const GuestMemory memory_;  // keeps the ring mapped
  const uint32_t size_;
  RingPosition position_;
  char* descriptors_ = nullptr;
  const char* driver_event_ = nullptr;
};

}  // namespace devstate::virtqueue

#endif  // DEVSTATE_TRANSPORT_VIRTQUEUE_PACKED_VIRTQUEUE_H_
