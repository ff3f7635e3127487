// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/vhost_user_device.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::vhost_user {

VhostUserDevice::VhostUserDevice(VhostUserDeviceOptions options)
    : options_(std::move(options)) {
  if (options_.data_plane != nullptr) rings_.emplace(options_.data_plane);
}

void VhostUserDevice::Reset() {
  if (options_.data_plane != nullptr) {
    options_.data_plane->Disconnect();
    rings_->Clear();
  }
  features_ = 0;
  protocol_features_ = 0;
  mem_slots_ = 0;
  const bool was_running = running();
  started_ = {};
  if (was_running) NoteRunning();
  bases_.fill(0);
}

void VhostUserDevice::NoteRunning() {
  if (options_.on_running) options_.on_running(running());
}

uint64_t VhostUserDevice::offered() const {
  return options_.features | kVirtioFVersion1 | kVhostUserFProtocolFeatures |
         (options_.data_plane == nullptr ? kVhostFLogAll : 0);
}

std::optional<Message> VhostUserDevice::Refuse(const Message& request) const {
  if (!request.needs_reply() || !acks()) return std::nullopt;
  return MakeReply(request.request, U64Payload(1));
}

absl::StatusOr<std::optional<Message>> VhostUserDevice::Handle(
    Message request) {
  Message reply = MakeReply(request.request, "");
  // SET_PROTOCOL_FEATURES may itself switch acknowledgements on; the request
  // that does is judged by what was before.
  const bool acknowledge = request.needs_reply() && acks();
  const absl::Status status = Apply(request, &reply);
  if (status.ok()) {
    const bool was_running = running();
    started_.Note(request.request, request.payload);
    if (running() != was_running) NoteRunning();
  }
  if (HasReply(request.request)) {
    if (!status.ok()) return status;
    return std::optional<Message>(std::move(reply));
  }
  if (acknowledge) {
    return std::optional<Message>(
        MakeReply(request.request, U64Payload(status.ok() ? 0 : 1)));
  }
  if (!status.ok()) return status;
  return std::optional<Message>();
}

absl::Status VhostUserDevice::Apply(Message& request, Message* reply) {
  std::string* payload = &reply->payload;
  switch (request.request) {
    case kGetFeatures:
      AppendU64(offered(), payload);
      return absl::OkStatus();
    case kSetFeatures:
      return SetFeatures(ReadU64(request.payload, 0));
    case kGetProtocolFeatures:
      AppendU64(options_.protocol_features, payload);
      return absl::OkStatus();
    case kSetProtocolFeatures:
      return SetProtocolFeatures(ReadU64(request.payload, 0));
    case kGetQueueNum:
      AppendU64(options_.queue_num, payload);
      return absl::OkStatus();
    case kGetMaxMemSlots:
      AppendU64(options_.max_mem_slots, payload);
      return absl::OkStatus();
    case kSetLogBase:
      // The pages' log is for back-ends that write guest memory.
      AppendU64(0, payload);
      return absl::OkStatus();
    case kGetConfig:
      GetConfig(request, payload);
      return absl::OkStatus();
    case kSetConfig:
      return SetConfig(request);
    case kSetMemTable:
    case kAddMemReg:
    case kRemMemReg:
      return ApplyMemory(request);
    case kGetInflightFd:
    case kSetInflightFd:
      return ApplyInflight(request, reply);
    case kResetOwner:
    case kResetDevice:
      if (!rings_.has_value()) return absl::OkStatus();
      DS_RETURN_IF_ERROR(rings_->StopAll());
      options_.data_plane->ResetRings();
      return absl::OkStatus();
    case kSetOwner:
    case kSetLogFd:
    case kSendRarp:
    case kNetSetMtu:
    case kSetBackendReqFd:
      return absl::OkStatus();
    case kSetVringNum:
    case kSetVringAddr:
    case kSetVringBase:
    case kGetVringBase:
    case kGetVringBaseSkipDrain:
    case kSetVringKick:
    case kSetVringCall:
    case kSetVringErr:
    case kSetVringEnable:
      return ApplyRing(request, payload);
    default:
      return absl::UnimplementedError(
          absl::StrCat(RequestName(request.request), ": not offered"));
  }
}

absl::Status VhostUserDevice::ApplyMemory(Message& request) {
  DataPlane* plane = options_.data_plane;
  switch (request.request) {
    case kSetMemTable: {
      const uint32_t slots = ReadU32(request.payload, 0);
      if (plane != nullptr) {
        DS_RETURN_IF_ERROR(plane->SetMemory(TakeMemoryRegions(request)));
      }
      mem_slots_ = slots;
      return absl::OkStatus();
    }
    case kAddMemReg:
      if (mem_slots_ >= options_.max_mem_slots) {
        return absl::ResourceExhaustedError(absl::StrCat(
            "ADD_MEM_REG: all ", options_.max_mem_slots, " slots are taken"));
      }
      if (plane != nullptr) {
        DS_RETURN_IF_ERROR(
            plane->AddMemory(std::move(TakeMemoryRegions(request)[0])));
      }
      ++mem_slots_;
      return absl::OkStatus();
    default:
      if (mem_slots_ == 0) {
        return absl::InvalidArgumentError("REM_MEM_REG: there is no region");
      }
      if (plane != nullptr) {
        DS_RETURN_IF_ERROR(plane->RemoveMemory(ReadMemoryRegion(request)));
      }
      --mem_slots_;
      return absl::OkStatus();
  }
}

absl::Status VhostUserDevice::ApplyInflight(Message& request, Message* reply) {
  DS_RETURN_IF_ERROR(CheckNegotiated(request.request, protocol_features_,
                                     kProtocolFInflightShmfd));
  InflightMemory memory;
  memory.description = ReadInflightDescription(request.payload);
  if (request.request == kSetInflightFd) {
    if (options_.data_plane == nullptr) return absl::OkStatus();
    memory.fd = std::move(request.fds[0]);
    return options_.data_plane->SetInflight(std::move(memory));
  }
  memory.description.mmap_size = memory.description.mmap_offset = 0;
  if (options_.data_plane != nullptr) {
    DS_ASSIGN_OR_RETURN(memory, options_.data_plane->MakeInflight(
                                    memory.description.num_queues,
                                    memory.description.queue_size));
  }
  reply->payload = InflightPayload(memory.description);
  if (memory.fd.valid()) reply->fds.push_back(std::move(memory.fd));
  return absl::OkStatus();
}

absl::Status VhostUserDevice::ApplyRing(Message& request, std::string* reply) {
  uint32_t ring = 0;
  switch (request.request) {
    case kSetVringKick:
    case kSetVringCall:
    case kSetVringErr: {
      const uint64_t value = ReadU64(request.payload, 0);
      if ((value & ~(kVringIndexMask | kVringNoFd)) != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat(RequestName(request.request),
                         ": reserved bits are set in 0x", absl::Hex(value)));
      }
      ring = value & kVringIndexMask;
      break;
    }
    default:
      ring = ReadU32(request.payload, 0);
      break;
  }
  if (ring >= kMaxRings) {
    return absl::InvalidArgumentError(
        absl::StrCat(RequestName(request.request), ": ring ", ring,
                     ", at most ", kMaxRings - 1, " is ever right"));
  }
  if (StopsRing(request.request)) {
    return StopRing(ring, request, reply);
  }
  if (rings_.has_value()) DS_RETURN_IF_ERROR(rings_->Apply(ring, request));
  if (request.request == kSetVringBase) {
    bases_[ring] = ReadU32(request.payload, 4);
  }
  return absl::OkStatus();
}

absl::Status VhostUserDevice::StopRing(uint32_t ring, const Message& request,
                                       std::string* reply) {
  const bool skip_drain = request.request == kGetVringBaseSkipDrain;
  if (skip_drain) {
    DS_RETURN_IF_ERROR(CheckNegotiated(request.request, protocol_features_,
                                       kProtocolFGetVringBaseSkipDrain));
  }
  // Where the front-end knows both requests, GET_VRING_BASE drains.
  const bool keep =
      skip_drain || (protocol_features_ & (kProtocolFGetVringBaseInflight |
                                           kProtocolFGetVringBaseSkipDrain)) ==
                        kProtocolFGetVringBaseInflight;
  if (rings_.has_value()) {
    DS_ASSIGN_OR_RETURN(
        const std::optional<uint32_t> base,
        rings_->Stop(ring, keep ? RingStop::kKeep : RingStop::kDrain));
    if (base.has_value()) bases_[ring] = *base;
  }
  AppendU32(ring, reply);
  AppendU32(bases_[ring], reply);
  return absl::OkStatus();
}

absl::Status VhostUserDevice::SetFeatures(uint64_t features) {
  const uint64_t unknown = features & ~offered();
  if (unknown != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "SET_FEATURES: 0x", absl::Hex(unknown), " was never offered"));
  }
  features_ = features;
  if (options_.on_features) DS_RETURN_IF_ERROR(options_.on_features(features));
  if (options_.data_plane == nullptr) return absl::OkStatus();
  rings_->set_enabled_at_start((features & kVhostUserFProtocolFeatures) == 0);
  return options_.data_plane->SetFeatures(features, protocol_features_);
}

absl::Status VhostUserDevice::SetProtocolFeatures(uint64_t features) {
  const uint64_t unknown = features & ~options_.protocol_features;
  if (unknown != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "SET_PROTOCOL_FEATURES: 0x", absl::Hex(unknown), " was never offered"));
  }
  const uint64_t stop_inflight =
      kProtocolFGetVringBaseInflight | kProtocolFInflightShmfd;
  const uint64_t needed =
      ((features & kProtocolFGetVringBaseSkipDrain) != 0 ? stop_inflight
       : (features & kProtocolFGetVringBaseInflight) != 0
           ? kProtocolFInflightShmfd
           : 0) |
      ((features & kProtocolFRounds) != 0 ? kProtocolFDeviceState : 0);
  if ((features & needed) != needed) {
    return absl::InvalidArgumentError(absl::StrCat(
        "SET_PROTOCOL_FEATURES: 0x", absl::Hex(features), " lacks 0x",
        absl::Hex(needed & ~features), ", which it stands on"));
  }
  protocol_features_ = features;
  return absl::OkStatus();
}

void VhostUserDevice::GetConfig(const Message& request,
                                std::string* reply) const {
  const std::string config = options_.data_plane == nullptr
                                 ? options_.config
                                 : options_.data_plane->Config();
  const uint64_t offset = ReadU32(request.payload, 0);
  const uint64_t size = ReadU32(request.payload, 4);
  // An empty payload is the protocol's way to say no.
  if (offset + size > config.size() || request.payload.size() < 12 + size) {
    return;
  }
  *reply = request.payload.substr(0, 12) + config.substr(offset, size);
}

absl::Status VhostUserDevice::SetConfig(const Message& request) {
  if (options_.data_plane == nullptr) return absl::OkStatus();
  const uint32_t offset = ReadU32(request.payload, 0);
  const uint32_t size = ReadU32(request.payload, 4);
  if (request.payload.size() - 12 != size) {
    return absl::InvalidArgumentError(
        absl::StrCat("SET_CONFIG: ", request.payload.size() - 12,
                     " bytes where ", size, " are announced"));
  }
  return options_.data_plane->SetConfig(
      offset, absl::string_view(request.payload).substr(12));
}

}  // namespace devstate::vhost_user
