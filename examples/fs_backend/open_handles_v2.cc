// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Of release 2 and all since.

#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/fs_backend/release.h"

namespace devstate::examples {

using ::devices::fs::v1::FileLock_Kind_READ;
using ::devices::fs::v1::FileLock_Kind_WRITE;
using ::devices::fs::v1::FileLockRow;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::OpenHandleRow;

absl::Status WriteOpenHandles(const InodeTable& table, FsStateWriter& writer) {
  std::vector<FileLockRow> locks;
  for (const OpenHandle& handle : table.open_handles) {
    locks.clear();
    for (const FileLock& lock : handle.locks) {
      locks.push_back({lock.owner,
                       lock.write ? FileLock_Kind_WRITE : FileLock_Kind_READ,
                       lock.first, lock.last, lock.pid});
    }
    OpenHandleRow row;
    row.id = handle.id;
    row.inode = handle.inode;
    row.flags = static_cast<decltype(row.flags)>(handle.flags);
    row.locks = locks;
    DS_RETURN_IF_ERROR(writer.AddHandles(row));
  }
  return absl::OkStatus();
}

absl::Status ReadOpenHandles(HandlesBatch& batch, InodeTable* table) {
  OpenHandleRow row;
  while (batch.Next(&row)) {
    OpenHandle& handle = table->open_handles.emplace_back();
    handle.id = row.id;
    handle.inode = row.inode;
    handle.flags = row.flags;
    for (const FileLockRow& lock : row.locks) {
      if (lock.kind != FileLock_Kind_READ && lock.kind != FileLock_Kind_WRITE) {
        return absl::InvalidArgumentError(
            absl::StrCat("open handle ", row.id, " has a lock that neither ",
                         "reads nor writes"));
      }
      handle.locks.push_back({lock.owner, lock.kind == FileLock_Kind_WRITE,
                              lock.first, lock.last, lock.pid});
    }
  }
  return absl::OkStatus();
}

}  // namespace devstate::examples
