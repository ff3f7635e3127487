// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A virtio device that QEMU emulates, whose state converts to a portable
// schema. One file for each, net.cc and so on; emulated_device.h lists them.

#ifndef DEVSTATE_FOREIGN_STATES_QEMU_EMULATED_TYPE_H_
#define DEVSTATE_FOREIGN_STATES_QEMU_EMULATED_TYPE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/devices/rules/device_type.h"
#include "devstate/foreign/finding_list.h"
#include "google/protobuf/message.h"

namespace devstate::qemu {

// What QEMU has saved of a device.
struct SavedDevice {
  // The field with all that virtio devices save (QemuFile::ReadVirtio()).
  std::string virtio;
  // What its section has after that (QemuFile::ReadRest()).
  std::string rest;
  // What QEMU sent before guest memory (QemuFile::ReadEarly()).
  absl::optional<std::string> early;
};

struct EmulatedType {
  // What QEMU calls the description of the device's fields: "virtio-net".
  absl::string_view name;
  absl::string_view schema;
  // The generated root message of `schema`.
  const google::protobuf::Message* root;
  // What its states are checked for.
  const DeviceType* rules;

  // Reads what QEMU has saved of a device into `state`, an empty root message.
  // Findings name what cannot be carried. A StreamError, with the offset in the
  // part of `saved`, for what no QEMU writes.
  absl::Status (*read)(const SavedDevice& saved,
                       google::protobuf::Message* state, FindingList* findings);

  // Returns `bytes`, the field of such a device, with what `state` says in
  // place of what they say. Findings name what QEMU cannot hold, and
  // what differs and cannot be set. Null if the device cannot be written.
  absl::StatusOr<std::string> (*write)(absl::string_view bytes,
                                       const google::protobuf::Message& state,
                                       FindingList* findings);
};

const EmulatedType& EmulatedBalloon();
const EmulatedType& EmulatedBlk();
const EmulatedType& EmulatedConsole();
const EmulatedType& EmulatedGpu();
const EmulatedType& EmulatedInput();
const EmulatedType& EmulatedIommu();
const EmulatedType& EmulatedMem();
const EmulatedType& EmulatedNet();

}  // namespace devstate::qemu

#endif  // DEVSTATE_FOREIGN_STATES_QEMU_EMULATED_TYPE_H_
