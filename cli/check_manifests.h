// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_CHECK_MANIFESTS_H_
#define DEVSTATE_CLI_CHECK_MANIFESTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "cli/check_flags.h"
#include "devstate/compat/finding.h"
#include "devstate/compat/release/manifest.h"

namespace devstate {

// The verdicts on a migration and on the way back after it; empty if they were
// not asked for.
struct MigrationVerdicts {
  absl::optional<DirectionVerdict> there;
  absl::optional<DirectionVerdict> back;
};

// Returns those that --direction `wanted` asks for.
MigrationVerdicts JudgeMigration(const LoadedManifest& from,
                                 const LoadedManifest& to,
                                 const std::string& wanted);

// Runs `devstate check --from --to`. Prints the verdict of the migration and
// the one of the way back, and returns the exit code.
absl::StatusOr<int> CheckManifests(const CheckFlags& flags);

}  // namespace devstate

#endif  // DEVSTATE_CLI_CHECK_MANIFESTS_H_
