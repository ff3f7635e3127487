// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_FLEET_H_
#define DEVSTATE_COMPAT_RELEASE_FLEET_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/release/manifest.h"
#include "devstate/fleet.pb.h"

namespace devstate {

// The most groups that differ. Hosts that are kept alike have a few.
inline constexpr size_t kMaxFleetGroups = 128;

// The hosts whose manifests say the same of their states. No verdict tells
// them apart.
struct FleetGroup {
  // The manifest of the first of them.
  LoadedManifest manifest;
  // The names of the hosts, in ascending order.
  std::vector<std::string> hosts;
  // How many have an implementation, by its name and version.
  std::map<std::pair<std::string, std::string>, uint32_t> implementations;
};

// The manifests of many hosts. A group is kept with one manifest of it, a host
// as a name.
struct Fleet {
  // Sorted by device and schema, the largest group first.
  std::vector<FleetGroup> groups;
  // The manifests that cannot be judged, in ascending order of file.
  std::vector<UnreadableManifest> unreadable;
  // How many manifests are of other devices.
  uint32_t other_devices = 0;
};

// Reads every file in `folder` and in the folders within it. Files and folders
// whose names start with a dot are passed over. Links to folders are not
// followed. A host has the name of its file below `folder`, without its
// ".manifest".
//
// If `device` is not empty, manifests of other devices are counted and nothing
// else.
//
// Errors: NOT_FOUND if `folder` cannot be read or no file is there,
// INVALID_ARGUMENT if no file is a manifest, RESOURCE_EXHAUSTED if there are
// more than kMaxFleetGroups groups.
absl::StatusOr<Fleet> LoadFleet(const std::string& folder,
                                absl::string_view device = "");

// Returns the part of a group that every report has. Its number is `number`.
FleetGroupReport MakeGroupReport(const FleetGroup& group, uint32_t number);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_FLEET_H_
