// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_PROTO_STRUCT_HEADER_H_
#define DEVSTATE_TESTS_PROTO_STRUCT_HEADER_H_

#include <string>

namespace devstate::testing {

// Returns a header as the struct StreamHeader writes it, with one feature and
// one conversion.
std::string MakeStructHeader(const std::string& schema,
                             const std::string& feature);

// Returns what the struct reads and writes again. Empty if it refuses `header`.
std::string RewriteStructHeader(const std::string& header);

}  // namespace devstate::testing

#endif  // DEVSTATE_TESTS_PROTO_STRUCT_HEADER_H_
