// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_RUNNER_H_
#define DEVSTATE_CONFORMANCE_RUNNER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/conformance/bench.h"
#include "devstate/conformance/cases.h"
#include "devstate/live.pb.h"

namespace devstate::conformance {

// Returns the cases of these names, in the order of their numbers; all if there
// is no name. INVALID_ARGUMENT lists the names that there are.
absl::StatusOr<std::vector<Case>> SelectCases(
    const std::vector<std::string>& names);

// Runs each case on a fresh connection, or on a fresh back-end if it is started
// here. Each result is handed to `each` as soon as it is there. A back-end that
// is gone fails the case that it went in, and the following ones are skipped.
//
// Errors: those of Bench::Create() for the first case.
absl::StatusOr<ConformanceReport> RunCases(
    const BenchOptions& options, const std::vector<Case>& cases,
    const std::function<void(const ConformanceCase&)>& each);

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_RUNNER_H_
