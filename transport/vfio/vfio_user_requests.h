// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests: the requests of a client that keeps to the text.

#ifndef DEVSTATE_TRANSPORT_VFIO_VFIO_USER_REQUESTS_H_
#define DEVSTATE_TRANSPORT_VFIO_VFIO_USER_REQUESTS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "devstate/transport/vfio/migration_states.h"
#include "devstate/transport/vfio/vfio_user_message.h"

namespace devstate::vfio {

inline std::string Request(uint16_t command, absl::string_view payload,
                           uint32_t flags = kTypeCommand) {
  MessageHeader header;
  header.id = 0x1234;
  header.command = command;
  header.flags = flags;
  return EncodeMessage(header, payload);
}

inline std::string VersionRequest(uint16_t major = 0, uint16_t minor = 1) {
  std::string payload;
  AppendStruct(VersionPayload{major, minor}, &payload);
  payload += "{\"capabilities\":{\"max_data_xfer_size\":1048576}}";
  payload.push_back('\0');
  return Request(kVersion, payload);
}

inline std::string FeatureRequest(uint32_t flags, absl::string_view data = "",
                                  uint32_t argsz = 16) {
  std::string payload;
  AppendStruct(FeaturePayload{argsz, flags}, &payload);
  payload.append(data.data(), data.size());
  return Request(kDeviceFeature, payload);
}

inline std::string SetStateRequest(MigrationState state) {
  std::string data;
  AppendStruct(MigDeviceState{static_cast<uint32_t>(state), -1}, &data);
  return FeatureRequest(kFeatureSet | kFeatureMigDeviceState, data);
}

inline std::string GetStateRequest() {
  return FeatureRequest(kFeatureGet | kFeatureMigDeviceState);
}

inline std::string ReadRequest(uint32_t size) {
  std::string payload;
  AppendStruct(MigDataPayload{size + 8, size}, &payload);
  return Request(kMigDataRead, payload);
}

inline std::string WriteRequest(absl::string_view data) {
  const uint32_t size = static_cast<uint32_t>(data.size());
  std::string payload;
  AppendStruct(MigDataPayload{size + 8, size}, &payload);
  payload.append(data.data(), data.size());
  return Request(kMigDataWrite, payload);
}

}  // namespace devstate::vfio

#endif  // DEVSTATE_TRANSPORT_VFIO_VFIO_USER_REQUESTS_H_
