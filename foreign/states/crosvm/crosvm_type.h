// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A device of crosvm whose state converts to a portable schema. One file for
// each, net.cc and so on; crosvm.cc lists them.

#ifndef DEVSTATE_FOREIGN_STATES_CROSVM_CROSVM_TYPE_H_
#define DEVSTATE_FOREIGN_STATES_CROSVM_CROSVM_TYPE_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/devices/rules/device_type.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/states/crosvm/saved_device.h"
#include "google/protobuf/message.h"

namespace devstate::crosvm {

struct CrosvmType {
  // What `devstate info` says.
  absl::string_view name;
  absl::string_view schema;
  // The keys of the device's own state, which are all that tells the devices
  // apart, in both forms. Empty: the device has no state of its own.
  std::set<std::string> backend_keys;
  std::set<std::string> inner_keys;
  // The generated root message of `schema`.
  const google::protobuf::Message* root;
  // What its states are checked for.
  const DeviceType* rules;

  // Reads a device into `state`, a root message that may have what crosvm does
  // not save. Findings name what is missing. A StreamError for what no crosvm
  // writes.
  absl::Status (*read)(const SavedDevice& saved,
                       google::protobuf::Message* state, FindingList* findings);
};

const CrosvmType& CrosvmBlock();
const CrosvmType& CrosvmConsole();
const CrosvmType& CrosvmNet();
const CrosvmType& CrosvmSnd();
const CrosvmType& CrosvmVsock();

}  // namespace devstate::crosvm

#endif  // DEVSTATE_FOREIGN_STATES_CROSVM_CROSVM_TYPE_H_
