// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What crosvm has saved of a device of any type, in either of its two forms.

#ifndef DEVSTATE_FOREIGN_STATES_CROSVM_SAVED_DEVICE_H_
#define DEVSTATE_FOREIGN_STATES_CROSVM_SAVED_DEVICE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devices/virtio/v1/vring.pb.h"
#include "devstate/foreign/finding_list.h"
#include "google/protobuf/repeated_field.h"
#include "nlohmann/json.hpp"

namespace devstate::crosvm {

// Where a device is.
enum class Process {
  // A vhost-user device saved its state.
  kBackend,
  // crosvm's own process saved the device, with its queues.
  kCrosvm,
};

struct SavedDevice {
  Process process = Process::kBackend;
  // What the driver has negotiated, without the bits of vhost-user.
  uint64_t acked_features = 0;
  // The bits of the device status (VIRTIO 1.3, section 2.1). 0 if the state
  // does not have them.
  uint8_t status = 0;
  // The device's own state.
  nlohmann::json device;
  // How many queues the device has. 0 if the state does not say it.
  uint32_t queues = 0;
  // Those of them that are active. A state that a vhost-user device saved by
  // itself has none, because the front-end sets their positions.
  google::protobuf::RepeatedPtrField<devices::virtio::v1::Vring> vrings;

  bool Has(int feature) const { return (acked_features >> feature & 1) != 0; }
};

// Takes a state apart. The state of a vhost-user device within a snapshot has
// that of its queues. A StreamError for what no crosvm writes.
absl::StatusOr<SavedDevice> TakeApart(const nlohmann::json& state);

// Refuses a device of which no state can be made, whatever its type.
void AddObstacle(const SavedDevice& saved, FindingList* findings);

}  // namespace devstate::crosvm

#endif  // DEVSTATE_FOREIGN_STATES_CROSVM_SAVED_DEVICE_H_
