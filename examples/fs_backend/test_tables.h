// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Tables for tests.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_TEST_TABLES_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_TEST_TABLES_H_

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>

#include "examples/fs_backend/inode_table.h"

namespace devstate::examples {

inline Inode MakeInode(uint64_t id, uint64_t parent, std::string name,
                       uint32_t mode, uint64_t refcount = 1) {
  Inode inode;
  inode.id = id;
  inode.parent = parent;
  inode.name = std::move(name);
  inode.mode = mode;
  inode.refcount = refcount;
  return inode;
}

// Returns a root alone, with refcounts that allow children.
inline InodeTable MakeRoot() {
  InodeTable table;
  table.inodes.push_back(MakeInode(kRootId, 0, "", S_IFDIR | 0755, 100));
  table.next_inode_id = 1000;
  table.next_handle_id = 1000;
  return table;
}

// Returns dir/ with file in it, and one open handle on the file.
inline InodeTable MakeSmallTable() {
  InodeTable table = MakeRoot();
  table.inodes.push_back(MakeInode(2, kRootId, "dir", S_IFDIR | 0755, 2));
  table.inodes.push_back(MakeInode(3, 2, "file", S_IFREG | 0644));
  table.open_handles.push_back({7, 3, 0});
  return table;
}

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_TEST_TABLES_H_
