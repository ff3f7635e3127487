// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_EXAMPLES_COMMON_TEXT_FILE_H_
#define DEVSTATE_EXAMPLES_COMMON_TEXT_FILE_H_

#include <functional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace devstate::examples {

// Writes the file `path` with what `write` writes. It appears at once and
// whole. `what` and `flag` are for the error: what the file shows, and which
// flag chose its path.
absl::Status WriteTextFile(const std::string& path, absl::string_view what,
                           absl::string_view flag,
                           const std::function<void(std::ostream&)>& write);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_COMMON_TEXT_FILE_H_
