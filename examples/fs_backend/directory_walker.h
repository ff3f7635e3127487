// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The source of the example's state: a walk over the shared directory, in place
// of a guest that looks files up.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_DIRECTORY_WALKER_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_DIRECTORY_WALKER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/fs_backend/inode_table.h"
#include "examples/fs_backend/tree.h"

namespace devstate::examples {

struct WalkOptions {
  // The number of regular files of which one is held open; 0: none.
  // Default: 100.
  size_t open_every = 100;
  // The most open handles. Default: 64.
  size_t max_open_handles = 64;
  // Whether the table says when each file was changed. Default: false.
  bool change_times = false;
  // Whether the guest holds a lock on each file that it holds open.
  // Default: false.
  bool locks = false;
};

// The descriptor of an open handle of the table.
struct OpenFile {
  uint64_t handle_id = 0;
  FileDescriptor fd;
};

struct Walk {
  InodeTable table;
  // The descriptors of the open handles, in the same order.
  std::vector<OpenFile> open_files;
  // The number of files of a loaded table that were changed since its source
  // looked, as far as it said.
  size_t changed_files = 0;
};

// Walks the directory `path`. Two walks over an unchanged tree give the same
// table, because names are taken in byte order, a directory before its content.
//
// Follows no symbolic link beneath `path` and enters no other mount. Both are
// recorded as themselves. A file with several names is one inode, and each name
// counts in its refcount. Files that vanish meanwhile are left out. Files that
// may not be read are not held open.
//
// Errors, each naming the directory: NOT_FOUND (`path`), FAILED_PRECONDITION
// (not a directory), PERMISSION_DENIED (a directory that may not be read),
// INVALID_ARGUMENT (a name that is not UTF-8).
absl::StatusOr<Walk> WalkDirectory(const std::string& path,
                                   const WalkOptions& options);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_DIRECTORY_WALKER_H_
