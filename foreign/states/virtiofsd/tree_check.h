// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TREE_CHECK_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TREE_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/verdict.pb.h"

namespace devstate::virtiofsd {

// The most for which CheckTree() takes memory.
struct TreeLimits {
  // Directories that files of the state are in: 32 bytes each.
  size_t directories = size_t{8} << 20;
  // The bytes of all their names, paths and handles.
  size_t name_bytes = size_t{256} << 20;
};

// Looks for the file of every inode of a portable state beneath `directory`, as
// a destination that shares it would, and changes nothing there. Symbolic links
// are not followed. Returns the findings (docs/compat_rules.md, foreign-no-file
// and those after it), COMPATIBLE if every file is there. `progress` gets the
// number of inodes so far.
//
// The state is read three times, and must be the same each time (ABORTED).
// Errors are also those of the stream, FAILED_PRECONDITION for one of another
// schema, UNAVAILABLE for a directory that cannot be opened, RESOURCE_EXHAUSTED
// beyond `limits`.
absl::StatusOr<Verdict> CheckTree(
    const OpenSource& portable, const std::string& directory,
    const std::function<void(uint64_t inodes)>& progress,
    const TreeLimits& limits = {});

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TREE_CHECK_H_
