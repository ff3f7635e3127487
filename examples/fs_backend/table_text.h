// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_TABLE_TEXT_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_TABLE_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "examples/fs_backend/inode_table.h"

namespace devstate::examples {

// Writes everything in `table` to the file `path` as text, one line for each
// inode and open handle, so that two processes' tables can be compared without
// any of the code that moved them. The file appears at once and whole.
absl::Status WriteTableText(const InodeTable& table, const std::string& path);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_TABLE_TEXT_H_
