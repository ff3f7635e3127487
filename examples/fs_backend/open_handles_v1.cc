// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Of release 1.

#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/fs_backend/release.h"

namespace devstate::examples {

using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::OpenHandleRow;

absl::Status WriteOpenHandles(const InodeTable& table, FsStateWriter& writer) {
  for (const OpenHandle& handle : table.open_handles) {
    OpenHandleRow row;
    row.id = handle.id;
    row.inode = handle.inode;
    // There is nothing in this release that sets more.
    row.flags = static_cast<int32_t>(handle.flags);
    DS_RETURN_IF_ERROR(writer.AddHandles(row));
  }
  return absl::OkStatus();
}

absl::Status ReadOpenHandles(HandlesBatch& batch, InodeTable* table) {
  OpenHandleRow row;
  while (batch.Next(&row)) {
    table->open_handles.push_back({row.id, row.inode, row.flags, {}});
  }
  return absl::OkStatus();
}

}  // namespace devstate::examples
