// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/vhost_user_device.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::vhost_user {

void VhostUserDevice::Reset() {
  features_ = 0;
  protocol_features_ = 0;
  mem_slots_ = 0;
  started_ = {};
  bases_.fill(0);
}

uint64_t VhostUserDevice::offered() const {
  return options_.features | kVirtioFVersion1 | kVhostUserFProtocolFeatures |
         kVhostFLogAll;
}

std::optional<Message> VhostUserDevice::Refuse(const Message& request) const {
  if (!request.needs_reply() || !acks()) return std::nullopt;
  return MakeReply(request.request, U64Payload(1));
}

absl::StatusOr<std::optional<Message>> VhostUserDevice::Handle(
    const Message& request) {
  std::string payload;
  // SET_PROTOCOL_FEATURES may itself switch acknowledgements on; the request
  // that does is judged by what was before.
  const bool acknowledge = request.needs_reply() && acks();
  const absl::Status status = Apply(request, &payload);
  if (status.ok()) started_.Note(request.request, request.payload);
  if (HasReply(request.request)) {
    if (!status.ok()) return status;
    return std::optional<Message>(
        MakeReply(request.request, std::move(payload)));
  }
  if (acknowledge) {
    return std::optional<Message>(
        MakeReply(request.request, U64Payload(status.ok() ? 0 : 1)));
  }
  if (!status.ok()) return status;
  return std::optional<Message>();
}

absl::Status VhostUserDevice::Apply(const Message& request,
                                    std::string* reply) {
  switch (request.request) {
    case kGetFeatures:
      AppendU64(offered(), reply);
      return absl::OkStatus();
    case kSetFeatures:
      return SetFeatures(ReadU64(request.payload, 0));
    case kGetProtocolFeatures:
      AppendU64(options_.protocol_features, reply);
      return absl::OkStatus();
    case kSetProtocolFeatures:
      return SetProtocolFeatures(ReadU64(request.payload, 0));
    case kGetQueueNum:
      AppendU64(options_.queue_num, reply);
      return absl::OkStatus();
    case kGetMaxMemSlots:
      AppendU64(options_.max_mem_slots, reply);
      return absl::OkStatus();
    case kSetLogBase:
      // The pages' log is for back-ends that write guest memory.
      AppendU64(0, reply);
      return absl::OkStatus();
    case kGetConfig:
      GetConfig(request, reply);
      return absl::OkStatus();
    case kSetMemTable:
      mem_slots_ = ReadU32(request.payload, 0);
      return absl::OkStatus();
    case kAddMemReg:
      if (mem_slots_ >= options_.max_mem_slots) {
        return absl::ResourceExhaustedError(absl::StrCat(
            "ADD_MEM_REG: all ", options_.max_mem_slots, " slots are taken"));
      }
      ++mem_slots_;
      return absl::OkStatus();
    case kRemMemReg:
      if (mem_slots_ == 0) {
        return absl::InvalidArgumentError("REM_MEM_REG: there is no region");
      }
      --mem_slots_;
      return absl::OkStatus();
    case kResetOwner:
    case kResetDevice:
    case kSetOwner:
    case kSetLogFd:
    case kSendRarp:
    case kNetSetMtu:
    case kSetConfig:
    case kSetBackendReqFd:
      return absl::OkStatus();
    case kSetVringNum:
    case kSetVringAddr:
    case kSetVringBase:
    case kGetVringBase:
    case kSetVringKick:
    case kSetVringCall:
    case kSetVringErr:
    case kSetVringEnable:
      return ApplyRing(request, reply);
    default:
      return absl::UnimplementedError(
          absl::StrCat(RequestName(request.request), ": not offered"));
  }
}

absl::Status VhostUserDevice::ApplyRing(const Message& request,
                                        std::string* reply) {
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
      return absl::OkStatus();
    }
    default:
      break;
  }
  const uint32_t ring = ReadU32(request.payload, 0);
  if (ring >= kMaxRings) {
    return absl::InvalidArgumentError(
        absl::StrCat(RequestName(request.request), ": ring ", ring,
                     ", at most ", kMaxRings - 1, " is ever right"));
  }
  if (request.request == kSetVringBase) {
    bases_[ring] = ReadU32(request.payload, 4);
  } else if (request.request == kGetVringBase) {
    AppendU32(ring, reply);
    AppendU32(bases_[ring], reply);
  }
  return absl::OkStatus();
}

absl::Status VhostUserDevice::SetFeatures(uint64_t features) {
  const uint64_t unknown = features & ~offered();
  if (unknown != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "SET_FEATURES: 0x", absl::Hex(unknown), " was never offered"));
  }
  features_ = features;
  return options_.on_features ? options_.on_features(features)
                              : absl::OkStatus();
}

absl::Status VhostUserDevice::SetProtocolFeatures(uint64_t features) {
  const uint64_t unknown = features & ~options_.protocol_features;
  if (unknown != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "SET_PROTOCOL_FEATURES: 0x", absl::Hex(unknown), " was never offered"));
  }
  protocol_features_ = features;
  return absl::OkStatus();
}

void VhostUserDevice::GetConfig(const Message& request,
                                std::string* reply) const {
  const uint64_t offset = ReadU32(request.payload, 0);
  const uint64_t size = ReadU32(request.payload, 4);
  // An empty payload is the protocol's way to say no.
  if (offset + size > options_.config.size() ||
      request.payload.size() < 12 + size) {
    return;
  }
  *reply = request.payload.substr(0, 12) + options_.config.substr(offset, size);
}

}  // namespace devstate::vhost_user
