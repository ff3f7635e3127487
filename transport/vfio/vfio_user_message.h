// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The messages of vfio-user that carry a migration, as QEMU's
// docs/interop/vfio-user.rst describes them. Numbers are in the order of bytes
// of the host, so the structs are what travels.

#ifndef DEVSTATE_TRANSPORT_VFIO_VFIO_USER_MESSAGE_H_
#define DEVSTATE_TRANSPORT_VFIO_VFIO_USER_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace devstate::vfio {

// Commands. A reply has that of its request.
inline constexpr uint16_t kVersion = 1;
inline constexpr uint16_t kDeviceReset = 13;
inline constexpr uint16_t kDeviceFeature = 16;
inline constexpr uint16_t kMigDataRead = 17;
inline constexpr uint16_t kMigDataWrite = 18;

// Flags of a header.
inline constexpr uint32_t kTypeMask = 0xf;
inline constexpr uint32_t kTypeCommand = 0;
inline constexpr uint32_t kTypeReply = 1;
inline constexpr uint32_t kNoReply = 1 << 4;
inline constexpr uint32_t kErrorFlag = 1 << 5;

// Of DEVICE_FEATURE: the number of a feature, and what is done about it.
inline constexpr uint32_t kFeatureMask = 0xffff;
inline constexpr uint32_t kFeatureGet = 1 << 16;
inline constexpr uint32_t kFeatureSet = 1 << 17;
inline constexpr uint32_t kFeatureProbe = 1 << 18;
inline constexpr uint32_t kFeatureMigration = 1;
inline constexpr uint32_t kFeatureMigDeviceState = 2;

// Bits of the data of the feature MIGRATION.
inline constexpr uint64_t kMigrationStopCopy = 1 << 0;
inline constexpr uint64_t kMigrationPreCopy = 1 << 2;

// The most data in a message to a peer that does not say how much, in bytes.
inline constexpr uint32_t kDefaultMaxDataTransfer = 1 << 20;

struct MessageHeader {
  uint16_t id = 0;
  uint16_t command = 0;
  // Of the whole message, in bytes.
  uint32_t size = 0;
  uint32_t flags = 0;
  // A value of errno, in the reply to a request that has failed.
  uint32_t error = 0;
};
inline constexpr size_t kHeaderSize = sizeof(MessageHeader);
static_assert(kHeaderSize == 16);

// Followed by JSON that ends with a NUL, or by nothing.
struct VersionPayload {
  uint16_t major = 0;
  uint16_t minor = 0;
};
static_assert(sizeof(VersionPayload) == 4);

// Followed by the feature's data.
struct FeaturePayload {
  // Of a request: the most bytes of payload that the reply may have.
  uint32_t argsz = 0;
  uint32_t flags = 0;
};
static_assert(sizeof(FeaturePayload) == 8);

// The data of the feature MIG_DEVICE_STATE.
struct MigDeviceState {
  uint32_t state = 0;
  // Not used: the data goes through the socket.
  int32_t data_fd = -1;
};
static_assert(sizeof(MigDeviceState) == 8);

// Followed by `size` bytes in the reply to a read, and in a write.
struct MigDataPayload {
  uint32_t argsz = 0;
  uint32_t size = 0;
};
static_assert(sizeof(MigDataPayload) == 8);

// Returns the struct at the start of `bytes`. Requires: they are as many.
template <typename Struct>
Struct ReadStruct(absl::string_view bytes) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  Struct value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

template <typename Struct>
void AppendStruct(const Struct& value, std::string* bytes) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Returns the message. The header's size follows from the payload.
inline std::string EncodeMessage(MessageHeader header,
                                 absl::string_view payload) {
  header.size = static_cast<uint32_t>(kHeaderSize + payload.size());
  std::string message;
  message.reserve(header.size);
  AppendStruct(header, &message);
  message.append(payload.data(), payload.size());
  return message;
}

}  // namespace devstate::vfio

#endif  // DEVSTATE_TRANSPORT_VFIO_VFIO_USER_MESSAGE_H_
