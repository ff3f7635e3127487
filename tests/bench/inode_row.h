// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_INODE_ROW_H_
#define DEVSTATE_TESTS_BENCH_INODE_ROW_H_

#include <cstdint>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "tests/bench/inode_table.h"

namespace devstate::bench {

// Whether rows of this release have what stat(2) says in a message of its own.
template <typename Row, typename = void>
inline constexpr bool kHasAttributes = false;
template <typename Row>
inline constexpr bool
    kHasAttributes<Row, std::void_t<decltype(std::declval<Row>().attributes)>> =
        true;

// Makes `row`, which is reused, the row of `inode`. It points into the table.
template <typename Row>
void FillRow(const InodeTable& table, const LiveInode& inode, Row* row) {
  row->id = inode.id;
  row->refcount = inode.refcount;
  row->path = {inode.parent, table.NameOf(inode)};
  row->verification_handle = {
      inode.mount_id, inode.handle_type, {inode.handle, sizeof(inode.handle)}};
  if constexpr (kHasAttributes<Row>) {
    row->attributes = {inode.mode, inode.ino, 0};
  } else {
    row->mode = inode.mode;
    row->ino = inode.ino;
  }
}

template <typename Row>
uint64_t InoOf(const Row& row) {
  if constexpr (kHasAttributes<Row>) {
    return row.attributes->ino;
  } else {
    return row.ino;
  }
}

// Writes the table as a state with this root.
inline absl::Status WriteTable(const InodeTable& table,
                               const devices::fs::v1::FsState& root,
                               devices::fs::v1::FsStateWriter& writer) {
  DS_RETURN_IF_ERROR(writer.Begin(root));
  devices::fs::v1::InodeRow row;
  for (const LiveInode& inode : table.inodes) {
    FillRow(table, inode, &row);
    DS_RETURN_IF_ERROR(writer.AddInodes(row));
  }
  return writer.Finish();
}

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_INODE_ROW_H_
