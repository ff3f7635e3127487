// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A device type: what its states must be beyond their schema.

#ifndef DEVSTATE_DEVICES_RULES_DEVICE_TYPE_H_
#define DEVSTATE_DEVICES_RULES_DEVICE_TYPE_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/devices/rules/broken_rules.h"
#include "google/protobuf/message.h"

namespace devstate {

// A feature as the annotations of a schema spell it, and its bit.
struct DeviceFeature {
  absl::string_view name;
  int bit;
};

struct DeviceType {
  // The root message of its states, a generated one.
  const google::protobuf::Descriptor* root;
  // The features that the schema names, besides those of every device.
  std::vector<DeviceFeature> features;
  // The rules that CheckDeviceState() knows, besides those of compat/rules.h.
  std::vector<const DeviceRule*> rules;
  // Checks a whole state, records included, which is the generated message of
  // `root`. Safe on any state.
  void (*check)(const google::protobuf::Message& state, BrokenRules* broken);
};

// Returns the rules that `state` breaks: those of the type, and those that its
// schema leaves to the device, which are `unique_by` and fields of features
// that were not negotiated.
//
// Requires: `state` is a root message of the type, generated or dynamic, with
// all its records.
BrokenRules CheckDeviceState(const DeviceType& type,
                             const google::protobuf::Message& state);

// Returns the rules in `own` and in each of `shared`.
std::vector<const DeviceRule*> JoinRules(
    std::vector<const DeviceRule*> own,
    const std::vector<const std::vector<const DeviceRule*>*>& shared);

// Calls `kCheck` with `state`, a generated message `State`.
template <typename State, void (*kCheck)(const State&, BrokenRules*)>
void CheckAs(const google::protobuf::Message& state, BrokenRules* broken) {
  kCheck(static_cast<const State&>(state), broken);
}

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_RULES_DEVICE_TYPE_H_
