// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_CHECK_MANIFESTS_H_
#define DEVSTATE_CLI_CHECK_MANIFESTS_H_

#include "absl/status/statusor.h"
#include "cli/check_flags.h"

namespace devstate {

// Runs `devstate check --from --to`. Prints the verdict of the migration and
// the one of the way back, and returns the exit code.
absl::StatusOr<int> CheckManifests(const CheckFlags& flags);

}  // namespace devstate

#endif  // DEVSTATE_CLI_CHECK_MANIFESTS_H_
