// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_TYPE_NAME_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_TYPE_NAME_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace devstate::examples {

// Returns "directory", "regular file", …: the type bits of an st_mode.
absl::string_view TypeName(uint32_t mode);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_TYPE_NAME_H_
