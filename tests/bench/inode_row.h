// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_INODE_ROW_H_
#define DEVSTATE_TESTS_BENCH_INODE_ROW_H_

#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate.h"
#include "tests/bench/inode_table.h"

namespace devstate::bench {

// Makes `row`, which is reused, the row of `inode`. It points into the table.
inline void FillRow(const InodeTable& table, const LiveInode& inode,
                    ::devices::fs::v1::InodeRow* row) {
  row->id = inode.id;
  row->refcount = inode.refcount;
  row->path = {inode.parent, table.NameOf(inode)};
  row->verification_handle = {
      inode.mount_id, inode.handle_type, {inode.handle, sizeof(inode.handle)}};
  row->attributes = {inode.mode, inode.ino, 0};
}

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_INODE_ROW_H_
