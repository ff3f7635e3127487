// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a guest does to a table, in place of a data plane.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_GUEST_UPDATES_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_GUEST_UPDATES_H_

#include <cstdint>
#include <vector>

#include "examples/fs_backend/inode_table.h"

namespace devstate::examples {

// The inodes that an update has changed and forgotten, by their ids. What
// belongs to no inode may have changed, too.
struct TableChange {
  std::vector<uint64_t> changed;
  std::vector<uint64_t> forgotten;
};

// Lets the guest look a file up, open and close one, or forget one, as the
// number of the update says. The table stays one that CheckTable() takes.
// Requires: CheckTable() takes it, and it has a root.
TableChange UpdateAsGuest(uint64_t update, InodeTable* table);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_GUEST_UPDATES_H_
