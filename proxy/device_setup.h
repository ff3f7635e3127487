// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The set-up of a device by its front-end, as far as another back-end must be
// told of it. docs/session.md has the order of the replay. Sans I/O: no socket,
// no clock; the descriptors are only kept and duplicated.

#ifndef DEVSTATE_PROXY_DEVICE_SETUP_H_
#define DEVSTATE_PROXY_DEVICE_SETUP_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/payloads.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::proxy {

// The descriptor of a SET_VRING_{KICK,CALL,ERR}.
struct RingEvent {
  bool is_set = false;
  FileDescriptor fd;  // empty if the request had the flag for none
};

struct Ring {
  std::optional<uint32_t> num;
  std::optional<uint32_t> endian;
  std::string address;  // the payload of SET_VRING_ADDR; empty: not set
  std::optional<uint32_t> base;
  std::optional<uint32_t> enable;
  RingEvent kick;
  RingEvent call;
  RingEvent error;
  // From SET_VRING_KICK to GET_VRING_BASE, RESET_DEVICE or RESET_OWNER.
  bool started = false;
};

// What back-ends offer, and what was offered to the front-end.
struct Offer {
  uint64_t features = 0;
  uint64_t protocol_features = 0;
  std::optional<uint64_t> queues;
  std::optional<uint64_t> memory_slots;
};

// A request to a new back-end.
struct ReplayStep {
  vhost_user::Message request;
  // The answer is an acknowledgement that must be 0. Otherwise it is any, or
  // none (IsReplyDue).
  bool acknowledged = false;
};

// A request that says again what was set up, with the payload of its answer if
// that tells something.
struct Recollection {
  vhost_user::Message request;
  std::optional<std::string> reply;
};

// What one connection of a front-end has set up. Keeps at most kMaxRegions
// descriptors of memory and three for each of 256 rings. Thread-safety: none.
class DeviceSetup {
 public:
  static constexpr size_t kMaxRegions = 512;
  static constexpr size_t kMaxConfigWrites = 16;

  // Takes a request that the back-end has carried out, with its descriptors and
  // its reply if there was one. A reply that refuses it makes no difference to
  // the set-up.
  void Remember(vhost_user::Message request, const vhost_user::Message* reply);

  // Returns whether the set-up keeps descriptors of such a request. Those of
  // others are to be closed as soon as they were forwarded, because the peer
  // waits for the end of a channel.
  static bool KeepsDescriptors(uint32_t request);

  // Returns the started ring that `request` enables, or is to enable if it is
  // not carried out yet. Null if there is none. Valid as long as the set-up.
  const Ring* RingEnabledBy(const vhost_user::Message& request) const;

  // Returns why the device cannot be moved to another back-end now; OK if it
  // can. UNAVAILABLE: it may be later.
  absl::Status CheckMovable() const;
  // Returns whether some of the started rings are disabled. That is the middle
  // of a sequence of requests or, if it lasts, a driver that uses fewer queues
  // than the device has.
  bool partly_enabled() const;

  // Returns why a back-end with this offer cannot serve this front-end.
  absl::Status CheckCovered(const Offer& offer) const;

  // Return the requests of a replay, in their order, with duplicates of the
  // descriptors. RESOURCE_EXHAUSTED if there are no descriptors left.
  //
  // What is negotiated before the offer is compared: SET_PROTOCOL_FEATURES
  // only.
  std::vector<ReplayStep> ProtocolFeatures() const;
  // SET_OWNER, SET_BACKEND_REQ_FD. May be sent while the old back-end serves.
  absl::StatusOr<std::vector<ReplayStep>> Introduction() const;
  // Features without LOG_ALL, and memory. May be sent while the old one serves.
  absl::StatusOr<std::vector<ReplayStep>> Memory() const;
  // SET_FEATURES with a value of the caller's.
  ReplayStep Features(uint64_t features) const;
  // LOG_ALL, the log of dirty pages, in-flight region. After a load.
  absl::StatusOr<std::vector<ReplayStep>> Log() const;
  // Disables all started rings, then stops them with GET_VRING_BASE.
  std::vector<ReplayStep> StopRings() const;
  // Rings with their kick descriptors last but for SET_VRING_ENABLE, then the
  // status. Only after the old one has stopped.
  absl::StatusOr<std::vector<ReplayStep>> StartRings() const;

  // Returns requests that make an empty set-up the same as this one when it
  // remembers them, except for its obstacle. RESOURCE_EXHAUSTED if there are no
  // descriptors left.
  //
  // Requires: !transfers().
  absl::StatusOr<std::vector<Recollection>> Recall() const;

  // Takes the base that GET_VRING_BASE of StopRings() returned. The ring counts
  // as started still.
  void SetBase(uint32_t ring, uint32_t base);

  // Returns why the set-up is not known whole, which is for ever; empty if it
  // is.
  const std::string& obstacle() const { return obstacle_; }
  // Records the first reason of that kind.
  void Obstruct(std::string why);
  // Returns whether a transfer that was forwarded is not checked yet.
  bool transfers() const { return transfer_; }

  const Offer& offered() const { return offered_; }
  std::optional<uint64_t> features() const { return features_; }
  uint64_t protocol_features() const { return protocol_features_.value_or(0); }
  bool any_ring_started() const;
  const std::map<uint32_t, Ring>& rings() const { return rings_; }
  const std::map<uint64_t, vhost_user::MemoryRegion>& regions() const {
    return regions_;
  }

 private:
  void RememberReply(uint32_t request, const vhost_user::Message& reply);
  void RememberRing(vhost_user::Message request);
  void RememberMemory(vhost_user::Message request);
  void RememberConfig(const vhost_user::Message& request);
  void SetFeatures(uint64_t features);
  // Counts the started rings that are enabled, or disabled.
  size_t CountStarted(bool enabled) const;
  void StopAllRings();
  // Returns a step for `request` with a duplicate of `fd`, if that is valid.
  absl::Status AddStep(uint32_t request, std::string payload,
                       const FileDescriptor* fd,
                       std::vector<ReplayStep>* steps) const;
  // Returns the steps that tell the rings' sizes and places. A ring that is
  // stopped may lie in memory that is gone.
  absl::StatusOr<std::vector<ReplayStep>> PlaceRings(bool stopped_too) const;
  // Adds those that give the rings their events, and enable them. Before
  // SET_FEATURES only `if_recalled`: some daemons close the connection then.
  absl::Status ConnectRings(bool if_recalled,
                            std::vector<ReplayStep>* steps) const;
  absl::Status AddEvent(uint32_t request, uint32_t ring, const RingEvent& event,
                        std::vector<ReplayStep>* steps) const;

  Offer offered_;
  std::optional<uint64_t> features_;
  std::optional<uint64_t> protocol_features_;
  bool owner_ = false;
  std::optional<FileDescriptor> backend_request_;
  std::map<uint64_t, vhost_user::MemoryRegion> regions_;  // by guest address
  std::optional<vhost_user::Message> log_base_;
  std::optional<vhost_user::Message> log_fd_;
  std::optional<vhost_user::Message> inflight_;
  std::optional<std::string> mtu_;
  std::optional<std::string> status_;
  std::map<uint64_t, std::string> config_writes_;  // by offset and size
  std::map<uint32_t, Ring> rings_;
  bool postcopy_ = false;
  bool transfer_ = false;  // between SET_DEVICE_STATE_FD and CHECK
  std::string obstacle_;
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_DEVICE_SETUP_H_
