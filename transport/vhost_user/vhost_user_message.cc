// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/vhost_user_message.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace devstate::vhost_user {
namespace {

// What a request may look like. Sizes in bytes.
struct RequestRule {
  uint32_t request;
  const char* name;
  uint32_t min_size;
  uint32_t max_size;
  size_t min_fds;
  size_t max_fds;
  bool has_reply;
};

constexpr uint32_t kRegion = 32;  // guest address, size, user address, offset
constexpr uint32_t kConfigHeader = 12;  // offset, size, flags
constexpr uint32_t kConfigMax = 256;    // VHOST_USER_MAX_CONFIG_SIZE

constexpr RequestRule kRules[] = {
    {kGetFeatures, "GET_FEATURES", 0, 0, 0, 0, true},
    {kSetFeatures, "SET_FEATURES", 8, 8, 0, 0, false},
    {kSetOwner, "SET_OWNER", 0, 0, 0, 0, false},
    {kResetOwner, "RESET_OWNER", 0, 0, 0, 0, false},
    {kSetMemTable, "SET_MEM_TABLE", 8, 8 + 8 * kRegion, 0, 8, false},
    // The old form names an address (8 bytes), LOG_SHMFD's a size and offset.
    {kSetLogBase, "SET_LOG_BASE", 8, 16, 0, 1, true},
    {kSetLogFd, "SET_LOG_FD", 0, 8, 1, 1, false},
    {kSetVringNum, "SET_VRING_NUM", 8, 8, 0, 0, false},
    {kSetVringAddr, "SET_VRING_ADDR", 40, 40, 0, 0, false},
    {kSetVringBase, "SET_VRING_BASE", 8, 8, 0, 0, false},
    {kGetVringBase, "GET_VRING_BASE", 8, 8, 0, 0, true},
    {kSetVringKick, "SET_VRING_KICK", 8, 8, 0, 1, false},
    {kSetVringCall, "SET_VRING_CALL", 8, 8, 0, 1, false},
    {kSetVringErr, "SET_VRING_ERR", 8, 8, 0, 1, false},
    {kGetProtocolFeatures, "GET_PROTOCOL_FEATURES", 0, 0, 0, 0, true},
    {kSetProtocolFeatures, "SET_PROTOCOL_FEATURES", 8, 8, 0, 0, false},
    {kGetQueueNum, "GET_QUEUE_NUM", 0, 0, 0, 0, true},
    {kSetVringEnable, "SET_VRING_ENABLE", 8, 8, 0, 0, false},
    {kSendRarp, "SEND_RARP", 8, 8, 0, 0, false},
    {kNetSetMtu, "NET_SET_MTU", 8, 8, 0, 0, false},
    {kSetBackendReqFd, "SET_BACKEND_REQ_FD", 0, 8, 1, 1, false},
    {kSetVringEndian, "SET_VRING_ENDIAN", 8, 8, 0, 0, false},
    {kGetConfig, "GET_CONFIG", kConfigHeader, kConfigHeader + kConfigMax, 0, 0,
     true},
    {kSetConfig, "SET_CONFIG", kConfigHeader, kConfigHeader + kConfigMax, 0, 0,
     false},
    {kGetInflightFd, "GET_INFLIGHT_FD", 20, 24, 0, 0, true},
    {kSetInflightFd, "SET_INFLIGHT_FD", 20, 24, 1, 1, false},
    {kResetDevice, "RESET_DEVICE", 0, 0, 0, 0, false},
    {kGetMaxMemSlots, "GET_MAX_MEM_SLOTS", 0, 0, 0, 0, true},
    {kAddMemReg, "ADD_MEM_REG", 8 + kRegion, 8 + kRegion, 1, 1, false},
    // The text says no FD; front-ends exist that attach the region's.
    {kRemMemReg, "REM_MEM_REG", 8 + kRegion, 8 + kRegion, 0, 1, false},
    {kSetStatus, "SET_STATUS", 8, 8, 0, 0, false},
    {kGetStatus, "GET_STATUS", 0, 0, 0, 0, true},
    {kSetDeviceStateFd, "SET_DEVICE_STATE_FD", 8, 8, 1, 1, true},
    {kCheckDeviceState, "CHECK_DEVICE_STATE", 0, 0, 0, 0, true},
    {kGetVringBaseSkipDrain, "GET_VRING_BASE_SKIP_DRAIN", 8, 8, 0, 0, true},
    {kDeviceStateRound, "DEVICE_STATE_ROUND", 8, 8, 0, 0, true},
};

const RequestRule* FindRule(uint32_t request) {
  for (const RequestRule& rule : kRules) {
    if (rule.request == request) return &rule;
  }
  return nullptr;
}

std::string Range(uint64_t low, uint64_t high) {
  return low == high ? absl::StrCat(low) : absl::StrCat(low, " to ", high);
}

// Numbers of vhost-user are in the byte order of the machine.
template <typename T>
void AppendNumber(T value, std::string* payload) {
  payload->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
T ReadNumber(absl::string_view payload, size_t offset) {
  T value;
  std::memcpy(&value, payload.data() + offset, sizeof(value));
  return value;
}

// The FD count that follows from the payload: a vring request has an FD unless
// it says otherwise, a memory table has one for each region.
absl::Status CheckFdsAgainstPayload(const Message& message,
                                    const RequestRule& rule) {
  size_t expected = message.fds.size();
  switch (message.request) {
    case kSetVringKick:
    case kSetVringCall:
    case kSetVringErr:
      expected = (ReadU64(message.payload, 0) & kVringNoFd) != 0 ? 0 : 1;
      break;
    case kSetMemTable: {
      const uint32_t regions = ReadU32(message.payload, 0);
      if (regions > 8 || message.payload.size() < 8 + regions * kRegion) {
        return absl::InvalidArgumentError(absl::StrCat(
            rule.name, ": ", regions, " regions announced in a payload of ",
            message.payload.size(), " bytes"));
      }
      expected = regions;
      break;
    }
    default:
      break;
  }
  if (message.fds.size() == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(rule.name, ": ", message.fds.size(),
                   " file descriptors, its payload says ", expected));
}

}  // namespace

Message MakeReply(uint32_t request, std::string payload) {
  Message reply;
  reply.request = request;
  reply.flags = kReplyFlags;
  reply.payload = std::move(payload);
  return reply;
}

std::string EncodeHeader(const MessageHeader& header) {
  std::string bytes;
  bytes.reserve(kHeaderSize);
  AppendU32(header.request, &bytes);
  AppendU32(header.flags, &bytes);
  AppendU32(header.size, &bytes);
  return bytes;
}

std::string EncodeMessage(const Message& message) {
  return EncodeHeader({message.request, message.flags,
                       static_cast<uint32_t>(message.payload.size())}) +
         message.payload;
}

MessageHeader DecodeHeader(absl::string_view bytes) {
  return {ReadU32(bytes, 0), ReadU32(bytes, 4), ReadU32(bytes, 8)};
}

void AppendU16(uint16_t value, std::string* payload) {
  AppendNumber(value, payload);
}

void AppendU32(uint32_t value, std::string* payload) {
  AppendNumber(value, payload);
}

void AppendU64(uint64_t value, std::string* payload) {
  AppendNumber(value, payload);
}

uint16_t ReadU16(absl::string_view payload, size_t offset) {
  return ReadNumber<uint16_t>(payload, offset);
}

uint32_t ReadU32(absl::string_view payload, size_t offset) {
  return ReadNumber<uint32_t>(payload, offset);
}

uint64_t ReadU64(absl::string_view payload, size_t offset) {
  return ReadNumber<uint64_t>(payload, offset);
}

std::string U64Payload(uint64_t value) {
  std::string payload;
  AppendU64(value, &payload);
  return payload;
}

std::string RequestName(uint32_t request) {
  const RequestRule* rule = FindRule(request);
  return rule != nullptr ? rule->name : absl::StrCat("request ", request);
}

bool HasReply(uint32_t request) {
  const RequestRule* rule = FindRule(request);
  return rule != nullptr && rule->has_reply;
}

absl::Status CheckNegotiated(uint32_t request, uint64_t protocol_features,
                             uint64_t needed) {
  if ((protocol_features & needed) != 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(RequestName(request), ": the protocol feature 0x",
                   absl::Hex(needed), " was not negotiated"));
}

bool StopsRing(uint32_t request) {
  return request == kGetVringBase || request == kGetVringBaseSkipDrain;
}

bool IsReplyDue(const Message& request, uint64_t protocol_features) {
  if (request.needs_reply() && (protocol_features & kProtocolFReplyAck) != 0) {
    return true;
  }
  // Its reply came with LOG_SHMFD.
  if (request.request == kSetLogBase) {
    return (protocol_features & kProtocolFLogShmfd) != 0;
  }
  return HasReply(request.request);
}

absl::Status AdmitRequest(const Message& message) {
  const RequestRule* rule = FindRule(message.request);
  if (rule == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("unknown request ", message.request));
  }
  if (message.payload.size() < rule->min_size ||
      message.payload.size() > rule->max_size) {
    return absl::InvalidArgumentError(absl::StrCat(
        rule->name, ": payload of ", message.payload.size(),
        " bytes, expected ", Range(rule->min_size, rule->max_size)));
  }
  if (message.fds.size() < rule->min_fds ||
      message.fds.size() > rule->max_fds) {
    return absl::InvalidArgumentError(absl::StrCat(
        rule->name, ": ", message.fds.size(), " file descriptors, expected ",
        Range(rule->min_fds, rule->max_fds)));
  }
  return CheckFdsAgainstPayload(message, *rule);
}

}  // namespace devstate::vhost_user
