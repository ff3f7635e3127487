// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_ERROR_PLACE_H_
#define DEVSTATE_CLI_ERROR_PLACE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace devstate {

// A verb reads one file and writes another, and an error passes through layers
// that know neither. These functions say which of the two an error is about.

// Returns `status` with the name of its file. OK stays OK, and a name that is
// there stays.
absl::Status AboutFile(absl::string_view name, absl::Status status);

// Marks an error whose message names its place itself, as those about schemas
// do.
absl::Status NamesItsPlace(absl::Status status);

// Returns the file that an error is about, empty after NamesItsPlace(). Nothing
// for an error that neither of these functions has seen.
absl::optional<std::string> FileOf(const absl::Status& status);

}  // namespace devstate

#endif  // DEVSTATE_CLI_ERROR_PLACE_H_
