// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The order in which a set-up is told to another back-end.

#include <fcntl.h>

#include <utility>

#include "devstate/proxy/device_setup.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::proxy {
namespace {

using vhost_user::AppendMemoryRegion;
using vhost_user::AppendU32;
using vhost_user::AppendU64;
using vhost_user::Message;

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

}  // namespace

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
