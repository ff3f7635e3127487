// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_CHECK_FLEET_H_
#define DEVSTATE_CLI_CHECK_FLEET_H_

#include "absl/status/statusor.h"
#include "cli/check_flags.h"

namespace devstate {

// Returns whether --from or --to is a folder.
bool IsFleet(const CheckFlags& flags);

// Runs `devstate check --from --to` with the manifests of many hosts on one of
// the two sides. Prints the verdicts by group of hosts. Returns the exit code
// of the worst host, or with --need that of the worst one that is needed.
absl::StatusOr<int> CheckFleet(const CheckFlags& flags);

}  // namespace devstate

#endif  // DEVSTATE_CLI_CHECK_FLEET_H_
