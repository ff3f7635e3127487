// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Snapshots of VMs that have the states of back-ends in them: the JSON of
// cloud-hypervisor and the CBOR of crosvm. In both, a state is the value of the
// key "backend_state", as an array of numbers.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_SNAPSHOT_SNAPSHOT_H_
#define DEVSTATE_FOREIGN_CONTAINERS_SNAPSHOT_SNAPSHOT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

enum class SnapshotForm { kJson, kCbor };

// The state of one device.
struct SnapshotState {
  // The keys on the way to it, "device-manager/_fs0". A number tells those of
  // the same keys apart: "device-manager/_fs0#1".
  std::string device;
  std::string bytes;
};

// The most bytes of all states, which are held in memory.
inline constexpr size_t kMaxSnapshotStates = size_t{1} << 30;

// The most states, and the most bytes in the name of a device.
inline constexpr size_t kMaxSnapshotDevices = 4096;
inline constexpr size_t kMaxSnapshotName = 4096;

// Reads a snapshot to its end and returns the states in it, at least one.
// FAILED_PRECONDITION if there is none, INVALID_ARGUMENT with an ErrorDetail
// for one that is damaged, RESOURCE_EXHAUSTED beyond a limit, and the errors of
// the source.
absl::StatusOr<std::vector<SnapshotState>> ReadSnapshot(ByteSource& source,
                                                        SnapshotForm form);

// Returns the state of `device`; empty: the only one there is. NOT_FOUND and
// FAILED_PRECONDITION list those there are.
absl::StatusOr<const SnapshotState*> FindSnapshotState(
    const std::vector<SnapshotState>& states, absl::string_view device);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_SNAPSHOT_SNAPSHOT_H_
