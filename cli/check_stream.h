// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_CHECK_STREAM_H_
#define DEVSTATE_CLI_CHECK_STREAM_H_

#include "absl/status/statusor.h"
#include "cli/check_flags.h"

namespace devstate {

// Runs devstate check STREAM --reader SCHEMA|MANIFEST, which tells whether this
// very state may be loaded with that schema, or by a back-end with that
// manifest. Prints the report and returns the exit code. A foreign state is
// judged in its portable form, after its format's own checks. An error is about
// the reader; what is wrong with the state is in the report, unless it cannot
// be read at all.
absl::StatusOr<int> CheckStreamFile(const CheckFlags& flags);

}  // namespace devstate

#endif  // DEVSTATE_CLI_CHECK_STREAM_H_
