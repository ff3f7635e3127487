// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What each request changes, and the order in which the result is told to
// another back-end. Both are here together, because whoever adds a request must
// do both.

#include "devstate/proxy/device_setup.h"

#include <fcntl.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::proxy {
namespace {

using vhost_user::AppendMemoryRegion;
using vhost_user::AppendU32;
using vhost_user::AppendU64;
using vhost_user::MemoryRegion;
using vhost_user::Message;
using vhost_user::ReadU32;
using vhost_user::ReadU64;
using vhost_user::RequestName;

constexpr uint32_t kMaxRings = 256;  // an index has 8 bits
constexpr size_t kMaxTableRegions = 8;

std::string RingPayload(uint32_t ring, uint32_t value) {
  std::string payload;
  AppendU32(ring, &payload);
  AppendU32(value, &payload);
  return payload;
}

absl::StatusOr<FileDescriptor> Duplicate(const FileDescriptor& fd) {
  FileDescriptor copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (copy.valid()) return copy;
  return absl::ResourceExhaustedError(
      "no file descriptor is left for a new back-end; raise the limit of open "
      "files");
}

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
  const bool is_event = number == vhost_user::kSetVringKick ||
                        number == vhost_user::kSetVringCall ||
                        number == vhost_user::kSetVringErr;
  const uint32_t index = is_event
                             ? ReadU64(payload, 0) & vhost_user::kVringIndexMask
                             : ReadU32(payload, 0);
  if (index >= kMaxRings) {
    Obstruct(absl::StrCat(RequestName(number), ": ring ", index));
    return;
  }
  Ring& ring = rings_[index];
  if (is_event) {
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

absl::Status DeviceSetup::AddStep(uint32_t request, std::string payload,
                                  const FileDescriptor* fd,
                                  std::vector<ReplayStep>* steps) const {
  ReplayStep step;
  step.request.request = request;
  step.request.payload = std::move(payload);
  if (fd != nullptr && fd->valid()) {
    DS_ASSIGN_OR_RETURN(FileDescriptor copy, Duplicate(*fd));
    step.request.fds.push_back(std::move(copy));
  }
  if (!vhost_user::HasReply(request) &&
      (protocol_features() & vhost_user::kProtocolFReplyAck) != 0 &&
      request != vhost_user::kSetProtocolFeatures) {
    step.acknowledged = true;
    step.request.flags |= vhost_user::kFlagNeedReply;
  }
  steps->push_back(std::move(step));
  return absl::OkStatus();
}

std::vector<ReplayStep> DeviceSetup::ProtocolFeatures() const {
  std::vector<ReplayStep> steps;
  if (protocol_features_.has_value()) {
    AddStep(vhost_user::kSetProtocolFeatures,
            vhost_user::U64Payload(*protocol_features_), nullptr, &steps)
        .IgnoreError();  // there is no descriptor
  }
  return steps;
}

absl::StatusOr<std::vector<ReplayStep>> DeviceSetup::Introduction() const {
  std::vector<ReplayStep> steps;
  if (owner_) {
    DS_RETURN_IF_ERROR(AddStep(vhost_user::kSetOwner, "", nullptr, &steps));
  }
  if (backend_request_.has_value()) {
    DS_RETURN_IF_ERROR(
        AddStep(vhost_user::kSetBackendReqFd, "", &*backend_request_, &steps));
  }
  return steps;
}

ReplayStep DeviceSetup::Features(uint64_t features) const {
  std::vector<ReplayStep> steps;
  AddStep(vhost_user::kSetFeatures, vhost_user::U64Payload(features), nullptr,
          &steps)
      .IgnoreError();  // there is no descriptor
  return std::move(steps[0]);
}

absl::StatusOr<std::vector<ReplayStep>> DeviceSetup::Memory() const {
  std::vector<ReplayStep> steps;
  if (features_.has_value()) {
    steps.push_back(Features(*features_ & ~vhost_user::kVhostFLogAll));
  }
  if (mtu_.has_value()) {
    DS_RETURN_IF_ERROR(AddStep(vhost_user::kNetSetMtu, *mtu_, nullptr, &steps));
  }
  for (const auto& [place, payload] : config_writes_) {
    DS_RETURN_IF_ERROR(
        AddStep(vhost_user::kSetConfig, payload, nullptr, &steps));
  }
  if (regions_.empty()) return steps;
  if ((protocol_features() & vhost_user::kProtocolFConfigureMemSlots) != 0) {
    for (const auto& [address, region] : regions_) {
      std::string payload;
      AppendU64(0, &payload);
      AppendMemoryRegion(region, &payload);
      DS_RETURN_IF_ERROR(AddStep(vhost_user::kAddMemReg, std::move(payload),
                                 &region.fd, &steps));
    }
    return steps;
  }
  if (regions_.size() > kMaxTableRegions) {
    return absl::FailedPreconditionError(
        "more regions of memory than SET_MEM_TABLE can say");
  }
  std::string payload;
  AppendU32(static_cast<uint32_t>(regions_.size()), &payload);
  AppendU32(0, &payload);
  for (const auto& [address, region] : regions_) {
    AppendMemoryRegion(region, &payload);
  }
  DS_RETURN_IF_ERROR(
      AddStep(vhost_user::kSetMemTable, std::move(payload), nullptr, &steps));
  for (const auto& [address, region] : regions_) {
    DS_ASSIGN_OR_RETURN(FileDescriptor copy, Duplicate(region.fd));
    steps.back().request.fds.push_back(std::move(copy));
  }
  return steps;
}

absl::StatusOr<std::vector<ReplayStep>> DeviceSetup::Log() const {
  std::vector<ReplayStep> steps;
  for (const auto* message : {&log_base_, &log_fd_, &inflight_}) {
    if (!message->has_value()) continue;
    const Message& remembered = **message;
    DS_RETURN_IF_ERROR(
        AddStep(remembered.request, remembered.payload,
                remembered.fds.empty() ? nullptr : &remembered.fds[0], &steps));
  }
  if (features_.has_value() && (*features_ & vhost_user::kVhostFLogAll) != 0) {
    steps.push_back(Features(*features_));
  }
  return steps;
}

std::vector<ReplayStep> DeviceSetup::StopRings() const {
  std::vector<ReplayStep> steps;
  // No step has a descriptor, so none can fail.
  for (const auto& [index, ring] : rings_) {
    if (!ring.started || ring.enable.value_or(0) == 0) continue;
    AddStep(vhost_user::kSetVringEnable, RingPayload(index, 0), nullptr, &steps)
        .IgnoreError();
  }
  for (const auto& [index, ring] : rings_) {
    if (!ring.started) continue;
    AddStep(vhost_user::kGetVringBase, RingPayload(index, 0), nullptr, &steps)
        .IgnoreError();
  }
  return steps;
}

absl::Status DeviceSetup::AddEvent(uint32_t request, uint32_t ring,
                                   const RingEvent& event,
                                   std::vector<ReplayStep>* steps) const {
  if (!event.is_set) return absl::OkStatus();
  const uint64_t value = ring | (event.fd.valid() ? 0 : vhost_user::kVringNoFd);
  return AddStep(request, vhost_user::U64Payload(value), &event.fd, steps);
}

absl::StatusOr<std::vector<ReplayStep>> DeviceSetup::PlaceRings(
    bool stopped_too) const {
  std::vector<ReplayStep> steps;
  for (const auto& [index, ring] : rings_) {
    if (ring.endian.has_value()) {
      DS_RETURN_IF_ERROR(AddStep(vhost_user::kSetVringEndian,
                                 RingPayload(index, *ring.endian), nullptr,
                                 &steps));
    }
    if (ring.num.has_value()) {
      DS_RETURN_IF_ERROR(AddStep(vhost_user::kSetVringNum,
                                 RingPayload(index, *ring.num), nullptr,
                                 &steps));
    }
    if (ring.base.has_value()) {
      DS_RETURN_IF_ERROR(AddStep(vhost_user::kSetVringBase,
                                 RingPayload(index, *ring.base), nullptr,
                                 &steps));
    }
    if ((ring.started || stopped_too) && !ring.address.empty()) {
      DS_RETURN_IF_ERROR(
          AddStep(vhost_user::kSetVringAddr, ring.address, nullptr, &steps));
    }
  }
  return steps;
}

absl::StatusOr<std::vector<ReplayStep>> DeviceSetup::StartRings() const {
  DS_ASSIGN_OR_RETURN(std::vector<ReplayStep> steps,
                      PlaceRings(/*stopped_too=*/false));
  DS_RETURN_IF_ERROR(ConnectRings(/*if_recalled=*/false, &steps));
  return steps;
}

absl::Status DeviceSetup::ConnectRings(bool if_recalled,
                                       std::vector<ReplayStep>* steps) const {
  for (const auto& [index, ring] : rings_) {
    DS_RETURN_IF_ERROR(
        AddEvent(vhost_user::kSetVringErr, index, ring.error, steps));
    DS_RETURN_IF_ERROR(
        AddEvent(vhost_user::kSetVringCall, index, ring.call, steps));
    if (!ring.started) continue;
    DS_RETURN_IF_ERROR(
        AddEvent(vhost_user::kSetVringKick, index, ring.kick, steps));
  }
  for (const auto& [index, ring] : rings_) {
    if (!ring.enable.has_value()) continue;
    if (!features_.has_value() && !if_recalled) continue;
    DS_RETURN_IF_ERROR(AddStep(vhost_user::kSetVringEnable,
                               RingPayload(index, *ring.enable), nullptr,
                               steps));
  }
  if (status_.has_value()) {
    DS_RETURN_IF_ERROR(
        AddStep(vhost_user::kSetStatus, *status_, nullptr, steps));
  }
  return absl::OkStatus();
}

}  // namespace devstate::proxy
