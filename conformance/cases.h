// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The rules of the vhost-user text for a back-end's device state, one function
// a rule. The numbers are those of
// transport/vhost_user/backend_conformance_test.cc.

#ifndef DEVSTATE_CONFORMANCE_CASES_H_
#define DEVSTATE_CONFORMANCE_CASES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "devstate/conformance/bench.h"

namespace devstate::conformance {

struct Case {
  const char* name;      // "B0"
  const char* expected;  // the rule, in one line
  const char* section;   // of vhost-user.rst, or where else it comes from
  // Tries the rule on a fresh back-end or connection. OK: it holds, and what
  // was seen. UNIMPLEMENTED: it cannot be seen with this back-end, and why. Any
  // other error: it does not hold, and what was seen.
  absl::StatusOr<std::string> (*run)(Bench& bench);
};

// Returns the cases in the order of their numbers.
absl::Span<const Case> AllCases();

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_CASES_H_
