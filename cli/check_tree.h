// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_CHECK_TREE_H_
#define DEVSTATE_CLI_CHECK_TREE_H_

#include "absl/status/statusor.h"
#include "cli/check_flags.h"

namespace devstate {

// Runs devstate check STATE --tree DIR, which tells whether a destination that
// shares DIR would find the files of a file system's state. Prints the report
// and returns the exit code.
absl::StatusOr<int> CheckStateWithTree(const CheckFlags& flags);

}  // namespace devstate

#endif  // DEVSTATE_CLI_CHECK_TREE_H_
