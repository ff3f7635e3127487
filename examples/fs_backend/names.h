// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// File names as the example keeps and prints them.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_NAMES_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_NAMES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace devstate::examples {

// Whether `text` is well-formed UTF-8: no overlong forms, no surrogates,
// nothing above U+10FFFF.
bool IsUtf8(absl::string_view text);

// Whether `name` is one component that stays where it is: not empty, not "."
// or "..", without '/' and NUL, and UTF-8 (the schema's strings are).
// INVALID_ARGUMENT otherwise, with the reason and no quoted name.
absl::Status CheckName(absl::string_view name);

// `name` in double quotes on one line: control characters and bytes that are
// not UTF-8 are escaped.
std::string Quote(absl::string_view name);

// "directory", "regular file", …: the type bits of an st_mode.
absl::string_view TypeName(uint32_t mode);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_NAMES_H_
