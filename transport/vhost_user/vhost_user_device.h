// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The rest of vhost-user for a back-end that transfers state: features, memory
// table, rings, configuration space.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_DEVICE_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_DEVICE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/vhost_user/data_plane.h"
#include "devstate/transport/vhost_user/data_plane_rings.h"
#include "devstate/transport/vhost_user/started_rings.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

inline constexpr uint64_t kDefaultProtocolFeatures =
    kProtocolFMq | kProtocolFLogShmfd | kProtocolFReplyAck |
    kProtocolFResetDevice | kProtocolFConfigureMemSlots | kProtocolFDeviceState;

struct VhostUserDeviceOptions {
  // The device's own virtio feature bits. VERSION_1, PROTOCOL_FEATURES and
  // LOG_ALL are always offered, because QEMU refuses to migrate without the
  // last. Default: 0.
  uint64_t features = 0;
  // The protocol features that are offered. Default: kDefaultProtocolFeatures.
  uint64_t protocol_features = kDefaultProtocolFeatures;
  // The answer to GET_QUEUE_NUM. It counts rings for virtio-fs (QEMU wants 1 +
  // request queues) and pairs for virtio-net. Default: 16.
  uint64_t queue_num = 16;
  // The answer to GET_MAX_MEM_SLOTS. Default: 32.
  uint64_t max_mem_slots = 32;
  // The configuration space for GET_CONFIG, at most 256 bytes. It needs
  // protocol feature bit 9. Default: empty.
  std::string config;
  // The hook for checks of a loaded state that need the acknowledged features.
  // Called after SET_FEATURES, which QEMU sends only after SET_DEVICE_STATE_FD
  // and CHECK_DEVICE_STATE. An error ends the connection. If the request wants
  // an acknowledgement, that is non-zero instead. Default: none.
  std::function<absl::Status(uint64_t acknowledged)> on_features;
  // The hook for a device that does something while a ring is started. Called
  // with true when the first one was started and with false when the last one
  // was stopped, before that is answered. Default: none.
  std::function<void(bool running)> on_running;
  // What serves the rings and has the configuration space, in place of
  // `config`. It must outlive the device. LOG_ALL is not offered then, because
  // nothing logs what a data plane writes. Default: null. Kick, call and error
  // FDs and memory regions are received and closed again, and GET_INFLIGHT_FD
  // is answered with no memory.
  DataPlane* data_plane = nullptr;
};

// Answers the requests of this part of the protocol without any I/O but the
// data plane's. Thread-safety: none.
class VhostUserDevice {
 public:
  explicit VhostUserDevice(VhostUserDeviceOptions options);

  // Forgets everything that a front-end has set, before a new connection.
  void Reset();

  // Takes one admitted request (see AdmitRequest) and returns its reply, if it
  // has one. SET_DEVICE_STATE_FD and CHECK_DEVICE_STATE are not for this
  // object. Its descriptors are taken. A request that cannot be carried out is
  // an error, unless the front-end asked for an acknowledgement. Then the
  // acknowledgement is non-zero.
  absl::StatusOr<std::optional<Message>> Handle(Message request);

  // Returns the acknowledgement that refuses a request which was not even
  // admitted, or nullopt if the front-end did not ask for one.
  std::optional<Message> Refuse(const Message& request) const;

  bool device_state_negotiated() const {
    return (protocol_features_ & kProtocolFDeviceState) != 0;
  }
  bool rounds_negotiated() const {
    return (protocol_features_ & kProtocolFRounds) != 0;
  }
  // Returns whether any ring is started.
  bool running() const { return started_.any(); }
  uint64_t features() const { return features_; }
  uint64_t protocol_features() const { return protocol_features_; }
  // Returns the base set by SET_VRING_BASE. Requires: `ring` is below 256.
  uint32_t ring_base(size_t ring) const { return bases_[ring]; }

 private:
  static constexpr size_t kMaxRings = StartedRings::kMaxRings;

  void NoteRunning();
  absl::Status Apply(Message& request, Message* reply);
  absl::Status ApplyMemory(Message& request);
  absl::Status ApplyInflight(Message& request, Message* reply);
  absl::Status ApplyRing(Message& request, std::string* reply);
  absl::Status StopRing(uint32_t ring, const Message& request,
                        std::string* reply);
  absl::Status SetFeatures(uint64_t features);
  absl::Status SetProtocolFeatures(uint64_t features);
  void GetConfig(const Message& request, std::string* reply) const;
  absl::Status SetConfig(const Message& request);
  uint64_t offered() const;
  bool acks() const { return (protocol_features_ & kProtocolFReplyAck) != 0; }

  const VhostUserDeviceOptions options_;
  uint64_t features_ = 0;
  uint64_t protocol_features_ = 0;
  uint64_t mem_slots_ = 0;
  StartedRings started_;
  std::array<uint32_t, kMaxRings> bases_ = {};
  std::optional<DataPlaneRings> rings_;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_DEVICE_H_
