// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What each request changes. Whoever adds a request adds its replay, too, which
// is in device_setup_replay.cc.

#include "devstate/proxy/device_setup.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::proxy {
namespace {

using vhost_user::MemoryRegion;
using vhost_user::Message;
using vhost_user::ReadU32;
using vhost_user::ReadU64;
using vhost_user::RequestName;

constexpr uint32_t kMaxRings = 256;  // an index has 8 bits

// Requests that change nothing which a new back-end would have to be told.
bool LeavesNothing(uint32_t request) {
  switch (request) {
    case vhost_user::kGetFeatures:
    case vhost_user::kGetProtocolFeatures:
    case vhost_user::kGetQueueNum:
    case vhost_user::kGetMaxMemSlots:
    case vhost_user::kGetConfig:
    case vhost_user::kGetStatus:
    case vhost_user::kGetInflightFd:
    case vhost_user::kSendRarp:
    case vhost_user::kSetDeviceStateFd:
    case vhost_user::kCheckDeviceState:
      return true;
    default:
      return false;
  }
}

bool IsRingEvent(uint32_t request) {
  return request == vhost_user::kSetVringKick ||
         request == vhost_user::kSetVringCall ||
         request == vhost_user::kSetVringErr;
}

// Returns the index in an admitted request about one ring.
uint32_t RingIndex(const Message& request) {
  return IsRingEvent(request.request)
             ? ReadU64(request.payload, 0) & vhost_user::kVringIndexMask
             : ReadU32(request.payload, 0);
}

bool IsRefusal(const Message& request, const Message& reply) {
  return !vhost_user::HasReply(request.request) && reply.payload.size() == 8 &&
         ReadU64(reply.payload, 0) != 0;
}

}  // namespace

bool DeviceSetup::KeepsDescriptors(uint32_t request) {
  return request != vhost_user::kSetDeviceStateFd &&
         vhost_user::RequestName(request) != absl::StrCat("request ", request);
}

void DeviceSetup::Obstruct(std::string why) {
  if (obstacle_.empty()) obstacle_ = std::move(why);
}

void DeviceSetup::Remember(Message request, const Message* reply) {
  const uint32_t number = request.request;
  if (number == vhost_user::kPostcopyAdvise ||
      number == vhost_user::kPostcopyListen) {
    postcopy_ = true;
    return;
  }
  if (number == vhost_user::kPostcopyEnd) {
    postcopy_ = false;
    return;
  }
  if (const absl::Status admitted = AdmitRequest(request); !admitted.ok()) {
    Obstruct(
        absl::StrCat("the front-end has sent what no other back-end could "
                     "be told again: ",
                     admitted.message()));
    return;
  }
  if (reply != nullptr) {
    if (IsRefusal(request, *reply)) return;
    RememberReply(number, *reply);
  }
  if (number == vhost_user::kSetDeviceStateFd) transfer_ = true;
  if (number == vhost_user::kCheckDeviceState) transfer_ = false;
  if (LeavesNothing(number)) return;
  const std::string& payload = request.payload;
  switch (number) {
    case vhost_user::kSetFeatures:
      SetFeatures(ReadU64(payload, 0));
      break;
    case vhost_user::kSetProtocolFeatures:
      protocol_features_ = ReadU64(payload, 0);
      break;
    case vhost_user::kSetOwner:
      owner_ = true;
      break;
    case vhost_user::kResetOwner:
    case vhost_user::kResetDevice:
      StopAllRings();
      break;
    case vhost_user::kSetBackendReqFd:
      backend_request_ = std::move(request.fds[0]);
      break;
    case vhost_user::kSetLogBase:
      log_base_ = std::move(request);
      break;
    case vhost_user::kSetLogFd:
      log_fd_ = std::move(request);
      break;
    case vhost_user::kSetInflightFd:
      inflight_ = std::move(request);
      break;
    case vhost_user::kNetSetMtu:
      mtu_ = payload;
      break;
    case vhost_user::kSetStatus:
      status_ = payload;
      break;
    case vhost_user::kSetConfig:
      RememberConfig(request);
      break;
    case vhost_user::kSetMemTable:
    case vhost_user::kAddMemReg:
    case vhost_user::kRemMemReg:
      RememberMemory(std::move(request));
      break;
    default:
      RememberRing(std::move(request));
      break;
  }
}

void DeviceSetup::RememberReply(uint32_t request, const Message& reply) {
  if (reply.payload.size() != 8) return;
  const uint64_t value = ReadU64(reply.payload, 0);
  switch (request) {
    case vhost_user::kGetFeatures:
      offered_.features = value;
      break;
    case vhost_user::kGetProtocolFeatures:
      offered_.protocol_features = value;
      break;
    case vhost_user::kGetQueueNum:
      offered_.queues = value;
      break;
    case vhost_user::kGetMaxMemSlots:
      offered_.memory_slots = value;
      break;
    case vhost_user::kGetVringBase:
    case vhost_user::kGetVringBaseSkipDrain: {
      const uint32_t ring = ReadU32(reply.payload, 0);
      if (ring < kMaxRings) SetBase(ring, ReadU32(reply.payload, 4));
      break;
    }
    default:
      break;
  }
}

void DeviceSetup::SetFeatures(uint64_t features) {
  features_ = features;
  if ((features & vhost_user::kVhostFLogAll) == 0) {
    log_base_.reset();
    log_fd_.reset();
  }
}

void DeviceSetup::RememberConfig(const Message& request) {
  const uint64_t place =
      uint64_t{ReadU32(request.payload, 0)} << 32 | ReadU32(request.payload, 4);
  if (config_writes_.count(place) == 0 &&
      config_writes_.size() == kMaxConfigWrites) {
    Obstruct("the configuration space was written at too many places");
    return;
  }
  config_writes_[place] = request.payload;
}

void DeviceSetup::RememberMemory(Message request) {
  if (request.request == vhost_user::kSetMemTable) {
    regions_.clear();
    for (MemoryRegion& region : TakeMemoryRegions(request)) {
      regions_[region.guest_address] = std::move(region);
    }
    return;
  }
  if (request.request == vhost_user::kRemMemReg) {
    const MemoryRegion region = ReadMemoryRegion(request);
    const auto found = regions_.find(region.guest_address);
    if (found != regions_.end() && found->second.size == region.size &&
        found->second.user_address == region.user_address) {
      regions_.erase(found);
    }
    return;
  }
  if (regions_.size() == kMaxRegions) {
    Obstruct(absl::StrCat("more than ", kMaxRegions, " regions of memory"));
    return;
  }
  for (MemoryRegion& region : TakeMemoryRegions(request)) {
    regions_[region.guest_address] = std::move(region);
  }
}

void DeviceSetup::RememberRing(Message request) {
  const std::string& payload = request.payload;
  const uint32_t number = request.request;
  const uint32_t index = RingIndex(request);
  if (index >= kMaxRings) {
    Obstruct(absl::StrCat(RequestName(number), ": ring ", index));
    return;
  }
  Ring& ring = rings_[index];
  if (IsRingEvent(number)) {
    RingEvent& event = number == vhost_user::kSetVringKick   ? ring.kick
                       : number == vhost_user::kSetVringCall ? ring.call
                                                             : ring.error;
    event.is_set = true;
    event.fd =
        request.fds.empty() ? FileDescriptor() : std::move(request.fds[0]);
    if (number == vhost_user::kSetVringKick) {
      ring.started = true;
      transfer_ = false;  // it is abandoned
    }
    return;
  }
  switch (number) {
    case vhost_user::kSetVringNum:
      ring.num = ReadU32(payload, 4);
      break;
    case vhost_user::kSetVringAddr:
      ring.address = payload;
      break;
    case vhost_user::kSetVringBase:
      ring.base = ReadU32(payload, 4);
      break;
    case vhost_user::kSetVringEndian:
      ring.endian = ReadU32(payload, 4);
      break;
    case vhost_user::kSetVringEnable:
      ring.enable = ReadU32(payload, 4);
      break;
    case vhost_user::kGetVringBase:
    case vhost_user::kGetVringBaseSkipDrain:
      ring.started = false;
      break;
    default:
      Obstruct(absl::StrCat(RequestName(number), " cannot be replayed"));
      break;
  }
}

const Ring* DeviceSetup::RingEnabledBy(const Message& request) const {
  if (request.request != vhost_user::kSetVringEnable ||
      !AdmitRequest(request).ok() || ReadU32(request.payload, 4) == 0) {
    return nullptr;
  }
  const auto found = rings_.find(RingIndex(request));
  return found != rings_.end() && found->second.started ? &found->second
                                                        : nullptr;
}

void DeviceSetup::StopAllRings() {
  for (auto& [index, ring] : rings_) {
    ring.started = false;
    ring.enable.reset();
    ring.base.reset();
  }
}

void DeviceSetup::SetBase(uint32_t ring, uint32_t base) {
  rings_[ring].base = base;
}

bool DeviceSetup::any_ring_started() const {
  for (const auto& [index, ring] : rings_) {
    if (ring.started) return true;
  }
  return false;
}

absl::Status DeviceSetup::CheckMovable() const {
  if (!obstacle_.empty()) return absl::FailedPreconditionError(obstacle_);
  if (postcopy_) {
    return absl::FailedPreconditionError(
        "a postcopy migration is under way; try again after it");
  }
  if ((features_.value_or(0) & vhost_user::kVirtioFAccessPlatform) != 0) {
    return absl::FailedPreconditionError(
        "the guest uses an IOMMU (VIRTIO_F_ACCESS_PLATFORM), whose mappings "
        "are not known");
  }
  if ((features_.value_or(0) & vhost_user::kVirtioFRingPacked) != 0) {
    return absl::FailedPreconditionError(
        "the guest uses packed rings (VIRTIO_F_RING_PACKED), whose progress "
        "cannot be seen");
  }
  if (transfer_) {
    return absl::UnavailableError(
        "the front-end transfers the state; try again");
  }
  // QEMU disables all before it stops any.
  if (CountStarted(false) != 0 && CountStarted(true) == 0) {
    return absl::UnavailableError(
        "the front-end has disabled the rings; try again");
  }
  return absl::OkStatus();
}

bool DeviceSetup::partly_enabled() const {
  return CountStarted(false) != 0 && CountStarted(true) != 0;
}

size_t DeviceSetup::CountStarted(bool enabled) const {
  size_t count = 0;
  for (const auto& [index, ring] : rings_) {
    if (ring.started && (ring.enable.value_or(1) != 0) == enabled) ++count;
  }
  return count;
}

absl::Status DeviceSetup::CheckCovered(const Offer& offer) const {
  const uint64_t features = features_.value_or(0) & ~vhost_user::kVhostFLogAll;
  if (const uint64_t missing = features & ~offer.features; missing != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the guest uses features 0x", absl::Hex(missing),
        " that the new back-end does not offer; choose one that does, or "
        "reboot the guest without them"));
  }
  if (const uint64_t missing = protocol_features() & ~offer.protocol_features;
      missing != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the front-end uses protocol features 0x", absl::Hex(missing),
        " that the new back-end does not offer; choose one that does"));
  }
  const uint64_t queues = rings_.empty() ? 0 : rings_.rbegin()->first + 1;
  // It counts pairs for virtio-net, so only a comparison with what was
  // promised is right for all types.
  const uint64_t promised = offered_.queues.value_or(0);
  if (offer.queues.has_value() && *offer.queues < promised &&
      *offer.queues < queues) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the new back-end has ", *offer.queues, " queues, the old one ",
        promised, " of which ", queues, " are set up; give it as many"));
  }
  if (offer.memory_slots.has_value() && *offer.memory_slots < regions_.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the new back-end has room for ", *offer.memory_slots,
                     " regions of memory, the guest has ", regions_.size()));
  }
  return absl::OkStatus();
}

}  // namespace devstate::proxy
