// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_FLEET_MATRIX_H_
#define DEVSTATE_CLI_FLEET_MATRIX_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/compat/release/report.h"
#include "devstate/fleet.pb.h"

namespace devstate {

struct FleetMatrix {
  FleetMatrixReport report;
  // A table for each schema, in the order of the groups.
  std::vector<MatrixTable> tables;
};

// Compares the hosts whose manifests are in `folder` with each other, by group.
// Errors are those of LoadFleet().
absl::StatusOr<FleetMatrix> CompareFleet(const std::string& folder);

}  // namespace devstate

#endif  // DEVSTATE_CLI_FLEET_MATRIX_H_
