// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests: states through the C interface, next to those through generated
// C++.

#ifndef DEVSTATE_TESTS_CODEGEN_C_STATES_H_
#define DEVSTATE_TESTS_CODEGEN_C_STATES_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/devstate.h"

namespace devstate::testing {

// How something went: "" or the reason of ErrorDetail, if there is one, and the
// message.
struct Outcome {
  std::string reason;
  std::string text;
};
bool operator==(const Outcome& a, const Outcome& b);
std::ostream& operator<<(std::ostream& out, const Outcome& outcome);

// The outcome that `status` stands for in C.
Outcome OutcomeOf(const absl::Status& status);

// Reads `stream` through devstate_reader_next(), and hands what comes to
// `take`.
Outcome ReadInC(const devstate_schema& schema, absl::string_view stream,
                const std::function<void(const devstate_batch&)>& take);
// The same for nobody.
Outcome ReadInC(const devstate_schema& schema, absl::string_view stream);

// devstate_write_fn; `context` is a std::string that it appends to.
int AppendTo(void* context, const void* data, size_t size);

}  // namespace devstate::testing

#endif  // DEVSTATE_TESTS_CODEGEN_C_STATES_H_
