// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The live state that the transfer benchmark moves: a virtio-fs inode table as
// a back-end might hold it, in flat memory so that reading it costs little.

#ifndef DEVSTATE_TESTS_BENCH_INODE_TABLE_H_
#define DEVSTATE_TESTS_BENCH_INODE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/serializer/internal/byte_buffer.h"

namespace devstate::bench {

struct LiveInode {
  uint64_t id;
  uint64_t parent;
  uint64_t refcount;
  uint64_t ino;
  uint64_t mount_id;
  // Into InodeTable::names.
  uint64_t name_offset;
  uint32_t name_size;
  uint32_t mode;
  int32_t handle_type;
  char handle[8];
  uint32_t padding;
};

struct InodeTable {
  std::vector<LiveInode> inodes;
  ByteBuffer names;

  absl::string_view NameOf(const LiveInode& inode) const {
    return {names.data() + inode.name_offset, inode.name_size};
  }
};

// A table of `count` inodes that resembles a real tree in depth-first order:
// ids ascend, names have 20 bytes on average, inode numbers mostly follow each
// other, handles are the inode number and a random generation. The same every
// time.
InodeTable GenerateTable(size_t count);

// Of every field of every inode, names included.
uint64_t HashTable(const InodeTable& table);

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_INODE_TABLE_H_
