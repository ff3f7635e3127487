// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// vhost-user messages: numbers, layouts, and which request may carry what.
// Source of every number here: QEMU's docs/interop/vhost-user.rst. Pure: no
// I/O. All functions are thread-safe.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_MESSAGE_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate::vhost_user {

// Front-end requests ("Front-end message types"). AdmitRequest() does not know
// those of IOTLB and postcopy.
enum VhostUserRequest : uint32_t {
  kGetFeatures = 1,
  kSetFeatures = 2,
  kSetOwner = 3,
  kResetOwner = 4,
  kSetMemTable = 5,
  kSetLogBase = 6,
  kSetLogFd = 7,
  kSetVringNum = 8,
  kSetVringAddr = 9,
  kSetVringBase = 10,
  kGetVringBase = 11,
  kSetVringKick = 12,
  kSetVringCall = 13,
  kSetVringErr = 14,
  kGetProtocolFeatures = 15,
  kSetProtocolFeatures = 16,
  kGetQueueNum = 17,
  kSetVringEnable = 18,
  kSendRarp = 19,
  kNetSetMtu = 20,
  kSetBackendReqFd = 21,
  kIotlbMsg = 22,
  kSetVringEndian = 23,
  kGetConfig = 24,
  kSetConfig = 25,
  kPostcopyAdvise = 28,
  kPostcopyListen = 29,
  kPostcopyEnd = 30,
  kGetInflightFd = 31,
  kSetInflightFd = 32,
  kResetDevice = 34,
  kGetMaxMemSlots = 36,
  kAddMemReg = 37,
  kRemMemReg = 38,
  kSetStatus = 39,
  kGetStatus = 40,
  kSetDeviceStateFd = 42,
  kCheckDeviceState = 43,
  kGetVringBaseSkipDrain = 45,
  // devstate's own, see kProtocolFRounds: "ds", 1.
  kDeviceStateRound = 0x64730001,
};

// Flags of the header. The version is in bits 0-1, single bits follow. QEMU
// sends requests with 0x1 or 0x9 and accepts replies with exactly 0x5 only.
inline constexpr uint32_t kVersionMask = 0x3;
inline constexpr uint32_t kVersion = 0x1;
inline constexpr uint32_t kFlagReply = 0x4;
inline constexpr uint32_t kFlagNeedReply = 0x8;
inline constexpr uint32_t kReplyFlags = kVersion | kFlagReply;

// Bits of GET_FEATURES that belong to vhost, not to the device.
inline constexpr uint64_t kVhostFLogAll = uint64_t{1} << 26;
inline constexpr uint64_t kVhostUserFProtocolFeatures = uint64_t{1} << 30;
inline constexpr uint64_t kVirtioFVersion1 = uint64_t{1} << 32;
inline constexpr uint64_t kVirtioFAccessPlatform = uint64_t{1} << 33;
inline constexpr uint64_t kVirtioFRingPacked = uint64_t{1} << 34;

// Bits of GET_PROTOCOL_FEATURES ("Protocol features").
inline constexpr uint64_t kProtocolFMq = uint64_t{1} << 0;
inline constexpr uint64_t kProtocolFLogShmfd = uint64_t{1} << 1;
inline constexpr uint64_t kProtocolFRarp = uint64_t{1} << 2;
inline constexpr uint64_t kProtocolFReplyAck = uint64_t{1} << 3;
inline constexpr uint64_t kProtocolFBackendReq = uint64_t{1} << 5;
inline constexpr uint64_t kProtocolFConfig = uint64_t{1} << 9;
inline constexpr uint64_t kProtocolFInflightShmfd = uint64_t{1} << 12;
inline constexpr uint64_t kProtocolFResetDevice = uint64_t{1} << 13;
inline constexpr uint64_t kProtocolFConfigureMemSlots = uint64_t{1} << 15;
inline constexpr uint64_t kProtocolFStatus = uint64_t{1} << 16;
inline constexpr uint64_t kProtocolFDeviceState = uint64_t{1} << 19;
inline constexpr uint64_t kProtocolFGetVringBaseInflight = uint64_t{1} << 20;
inline constexpr uint64_t kProtocolFGetVringBaseSkipDrain = uint64_t{1} << 23;
// devstate's own: states in rounds (docs/rounds.md). No back-end offers it
// unless it is told to, and a front-end that does not know it meets nothing of
// it. The text has given out bits from 0 on.
inline constexpr uint64_t kProtocolFRounds = uint64_t{1} << 62;

// Payload of SET_DEVICE_STATE_FD ("Device state transfer parameters").
enum class TransferDirection : uint32_t { kSave = 0, kLoad = 1 };
inline constexpr uint32_t kTransferPhaseStopped = 0;
// devstate's own: the state comes in rounds, and its device may run. Needs
// kProtocolFRounds.
inline constexpr uint32_t kTransferPhaseRounds = 0x64730001;
// Reply of SET_DEVICE_STATE_FD: bits 0-7 are the error, bit 8 says that no FD
// comes back and the front-end's own channel is used.
inline constexpr uint64_t kSetStateErrorMask = 0xff;
inline constexpr uint64_t kSetStateNoFd = 0x100;
inline constexpr uint64_t kSetStateRefused = 0x101;

// Payload of DEVICE_STATE_ROUND: two u32, the number of the round from 1 and
// whether it is the last. Reply: three u64, a RoundReply.
inline constexpr size_t kRoundReplySize = 24;

// Payload of the SET_VRING_{KICK,CALL,ERR} requests. The ring's index is in the
// low bits. kVringNoFd says that no FD is attached.
inline constexpr uint64_t kVringIndexMask = 0xff;
inline constexpr uint64_t kVringNoFd = 0x100;

inline constexpr size_t kHeaderSize = 12;
// The longest payload that devstate accepts. No request or reply that it
// understands is longer than a memory table of 8 regions (8 + 8 * 32 bytes) or
// a configuration space (12 + 256).
inline constexpr uint32_t kMaxPayloadSize = 4096;
// The most FDs of a well-formed message: one for each of 8 memory regions.
inline constexpr size_t kMaxMessageFds = 8;

struct MessageHeader {
  uint32_t request = 0;
  uint32_t flags = 0;
  uint32_t size = 0;  // of the payload, in bytes
};

// One message with everything that came with it. It owns its FDs.
struct Message {
  uint32_t request = 0;
  uint32_t flags = kVersion;
  std::string payload;
  std::vector<FileDescriptor> fds;

  bool needs_reply() const { return (flags & kFlagNeedReply) != 0; }
};

// Makes the reply to `request` with `payload`. Its flags are exactly 0x5.
Message MakeReply(uint32_t request, std::string payload);

// Returns the header's 12 bytes on the wire. Its numbers are in the byte order
// of the machine, as all of the protocol are.
std::string EncodeHeader(const MessageHeader& header);
// Returns the bytes of a message on the wire, header and payload.
std::string EncodeMessage(const Message& message);
// Reads a header. Requires: `bytes` has kHeaderSize bytes.
MessageHeader DecodeHeader(absl::string_view bytes);

// Append and read numbers in payloads, in the byte order of the machine.
//
// Requires: offset + size lies within `payload` for the readers. AdmitRequest
// has made sure of it for requests.
void AppendU16(uint16_t value, std::string* payload);
void AppendU32(uint32_t value, std::string* payload);
void AppendU64(uint64_t value, std::string* payload);
uint16_t ReadU16(absl::string_view payload, size_t offset);
uint32_t ReadU32(absl::string_view payload, size_t offset);
uint64_t ReadU64(absl::string_view payload, size_t offset);
std::string U64Payload(uint64_t value);

// Returns the name of a request, such as "SET_DEVICE_STATE_FD", or "request 99"
// for an unknown number.
std::string RequestName(uint32_t request);

// Returns whether the protocol prescribes an answer even without NEED_REPLY.
bool HasReply(uint32_t request);

// Returns FAILED_PRECONDITION unless `protocol_features` has the bit `needed`,
// without which `request` is not allowed.
absl::Status CheckNegotiated(uint32_t request, uint64_t protocol_features,
                             uint64_t needed);

// Returns whether `request` stops a ring and asks for its base.
bool StopsRing(uint32_t request);

// Returns whether a back-end must answer `request` where `protocol_features`
// are acknowledged. False also stands for an unknown request that is answered.
bool IsReplyDue(const Message& request, uint64_t protocol_features);

// Checks that `message` is a request of known number whose payload size and FD
// count are right. INVALID_ARGUMENT says what is wrong; UNIMPLEMENTED stands
// for an unknown number. Contents are not judged here.
absl::Status AdmitRequest(const Message& message);

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_MESSAGE_H_
