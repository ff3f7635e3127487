// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The rest of vhost-user for a back-end that transfers state and moves no
// data: features, memory table, rings, configuration space.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_DEVICE_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_DEVICE_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

inline constexpr uint64_t kDefaultProtocolFeatures =
    kProtocolFMq | kProtocolFLogShmfd | kProtocolFReplyAck |
    kProtocolFResetDevice | kProtocolFConfigureMemSlots | kProtocolFDeviceState;

struct VhostUserDeviceOptions {
  // The device's own virtio feature bits. VERSION_1, PROTOCOL_FEATURES and
  // LOG_ALL are always offered: QEMU refuses to migrate without the last.
  uint64_t features = 0;
  uint64_t protocol_features = kDefaultProtocolFeatures;
  // The answer to GET_QUEUE_NUM: rings for virtio-fs (QEMU wants 1 + request
  // queues), pairs for virtio-net.
  uint64_t queue_num = 16;
  // The answer to GET_MAX_MEM_SLOTS.
  uint64_t max_mem_slots = 32;
  // Configuration space for GET_CONFIG, at most 256 bytes; needs bit 9.
  std::string config;
  // After SET_FEATURES, with the acknowledged features: for checks of a loaded
  // state that need them. QEMU sends it only after 42 and 43. An error ends
  // the connection, or is the request's non-zero answer if one is wanted.
  std::function<absl::Status(uint64_t acknowledged)> on_features;
};

// Pure: no I/O. Kick, call and error FDs, and memory regions, are received and
// closed again: rings are never served. Not thread-safe.
class VhostUserDevice {
 public:
  explicit VhostUserDevice(VhostUserDeviceOptions options)
      : options_(std::move(options)) {}

  // Forgets everything that a front-end has set: for a new connection.
  void Reset();

  // Takes one admitted request (see AdmitRequest) other than 42 and 43 and
  // returns its reply, if it has one. A request that cannot be carried out is
  // an error, unless the front-end asked for an acknowledgement: then that is
  // non-zero.
  absl::StatusOr<std::optional<Message>> Handle(const Message& request);

  // For a request that was not even admitted: the acknowledgement that refuses
  // it, or nothing if the front-end did not ask for one.
  std::optional<Message> Refuse(const Message& request) const;

  bool device_state_negotiated() const {
    return (protocol_features_ & kProtocolFDeviceState) != 0;
  }
  // A ring counts as started from SET_VRING_KICK to GET_VRING_BASE: this
  // endpoint does not look at kicks, so it takes the earliest moment at which
  // the first one could come.
  bool running() const { return started_.any(); }
  uint64_t features() const { return features_; }
  uint64_t protocol_features() const { return protocol_features_; }
  // As set by SET_VRING_BASE; `ring` below 256.
  uint32_t ring_base(size_t ring) const { return bases_[ring]; }

 private:
  static constexpr size_t kMaxRings = 256;  // an index has 8 bits

  absl::Status Apply(const Message& request, std::string* reply);
  absl::Status ApplyRing(const Message& request, std::string* reply);
  absl::Status SetFeatures(uint64_t features);
  absl::Status SetProtocolFeatures(uint64_t features);
  void GetConfig(const Message& request, std::string* reply) const;
  uint64_t offered() const;
  bool acks() const { return (protocol_features_ & kProtocolFReplyAck) != 0; }

  const VhostUserDeviceOptions options_;
  uint64_t features_ = 0;
  uint64_t protocol_features_ = 0;
  uint64_t mem_slots_ = 0;
  std::bitset<kMaxRings> started_;
  std::array<uint32_t, kMaxRings> bases_ = {};
};

// The reply to `request` with `payload`: flags exactly 0x5.
Message MakeReply(uint32_t request, std::string payload);

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_DEVICE_H_
