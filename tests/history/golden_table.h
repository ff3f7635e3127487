// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state in the golden streams of the example back-ends, and the files that
// it is about. Frozen with the streams.

#ifndef DEVSTATE_TESTS_HISTORY_GOLDEN_TABLE_H_
#define DEVSTATE_TESTS_HISTORY_GOLDEN_TABLE_H_

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>

#include "examples/fs_backend/inode_table.h"

namespace devstate::testing {

struct GoldenFile {
  uint64_t id;
  uint64_t parent;
  const char* name;
  uint32_t mode;
};

// In an order in which they can be made.
inline constexpr GoldenFile kGoldenFiles[] = {
    {2, 1, "etc", S_IFDIR | 0755},       {3, 2, "hosts", S_IFREG | 0644},
    {4, 2, "motd", S_IFREG | 0600},      {7, 1, "srv", S_IFDIR | 0700},
    {9, 7, "caf\u00e9", S_IFREG | 0644}, {12, 7, "link", S_IFLNK | 0777},
};

// What version 1 of the schema can hold.
inline examples::InodeTable GoldenTable() {
  examples::InodeTable table;
  table.inodes.emplace_back();
  table.inodes[0].id = examples::kRootId;
  table.inodes[0].refcount = 5;
  table.inodes[0].mode = S_IFDIR | 0755;
  table.inodes[0].ino = 2;
  for (const GoldenFile& file : kGoldenFiles) {
    examples::Inode& inode = table.inodes.emplace_back();
    inode.id = file.id;
    inode.parent = file.parent;
    inode.name = file.name;
    inode.refcount = 2 + file.id % 3;
    inode.mode = file.mode;
    inode.ino = 131072 + 7 * file.id;
  }
  table.open_handles.push_back({3, 3, O_RDWR, {}});
  table.open_handles.push_back({5, 2, O_RDONLY, {}});
  table.open_handles.push_back({6, 9, O_RDONLY | O_NOFOLLOW, {}});
  table.next_inode_id = 13;
  table.next_handle_id = 8;
  return table;
}

// Adds what came with version 2.
inline void AddChangeTimes(examples::InodeTable* table) {
  for (examples::Inode& inode : table->inodes) {
    inode.ctime_ns = 1700000000123456789 + static_cast<int64_t>(inode.id);
  }
}
inline void AddLocks(examples::InodeTable* table) {
  table->open_handles[0].locks = {{71, true, 0, 4095, 400},
                                  {72, false, 4096, 8191, 401}};
  table->open_handles[2].locks = {{71, false, 0, examples::kEndOfFile, 400}};
}

// Adds what came with version 3: a flag beyond 32 bits.
inline void AddWideFlags(examples::InodeTable* table) {
  table->open_handles[1].flags |= int64_t{1} << 33;
}

}  // namespace devstate::testing

#endif  // DEVSTATE_TESTS_HISTORY_GOLDEN_TABLE_H_
