// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Names of files as they stand in states of a file system.

#ifndef DEVSTATE_DEVICES_FS_NAMES_H_
#define DEVSTATE_DEVICES_FS_NAMES_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace devstate::fs {

// NAME_MAX and PATH_MAX of Linux, in bytes.
inline constexpr size_t kMaxName = 255;
inline constexpr size_t kMaxPath = 4096;

// Returns why `name` is not one component that stays where it is, as the end of
// a sentence about it: "contains a '/'". Empty if it is one.
absl::string_view WrongName(absl::string_view name);

// Returns why `path` does not stay beneath the shared directory; empty if it
// does.
absl::string_view WrongPath(absl::string_view path);

// Returns `name` in double quotes on one line: control characters and bytes
// that are not UTF-8 are escaped.
std::string Quote(absl::string_view name);

}  // namespace devstate::fs

#endif  // DEVSTATE_DEVICES_FS_NAMES_H_
