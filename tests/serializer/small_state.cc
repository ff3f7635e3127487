// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/serializer/small_state.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::testing {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodeRow;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathRow;
using ::devices::fs::v1::MountPathsBatch;
using ::devices::fs::v1::OpenHandleRow;

namespace {

absl::Status WriteState(WriterOptions options, uint64_t more_files,
                        ByteSink* sink) {
  options.implementation.name = "devstate-golden";
  options.implementation.version = "1";
  FsStateWriter writer(sink, options);

  FsState root;
  root.mutable_session()->set_writeback_cache(true);
  root.set_next_inode(9);
  root.set_next_handle(3);
  DS_RETURN_IF_ERROR(writer.Begin(root));

  const absl::string_view names[] = {"",       "etc", "hosts",      "motd",
                                     "passwd", "srv", "caf\xc3\xa9"};
  for (uint64_t id = 1; id <= 7; ++id) {
    InodeRow inode;
    inode.id = id;
    inode.refcount = id == 1 ? 12 : id % 3 + 1;
    inode.mode = id == 1 || id == 2 || id == 6 ? 040755 : 0100644;
    inode.ino = 131072 + id * 7;
    if (id == 1) {
      inode.root.emplace();
    } else {
      inode.path.emplace();
      inode.path->parent = id == 2 || id == 6 ? 1 : id == 7 ? 6 : 2;
      inode.path->name = names[id - 1];
    }
    DS_RETURN_IF_ERROR(writer.AddInodes(inode));
  }
  InodeRow lost;
  lost.id = 8;
  lost.refcount = 1;
  lost.lost.emplace();
  lost.verification_handle.emplace();
  lost.verification_handle->mount_id = 36;
  lost.verification_handle->type = -1;
  lost.verification_handle->handle = absl::string_view("\1\2\0\377", 4);
  DS_RETURN_IF_ERROR(writer.AddInodes(lost));
  for (uint64_t i = 0; i < more_files; ++i) {
    const std::string name = absl::StrCat("session-", i * i, ".log");
    InodeRow file;
    file.id = 9 + i;
    file.refcount = i % 7 == 0 ? 2 : 1;
    file.mode = 0100600;
    file.ino = 262144 + 3 * i;
    file.path.emplace();
    file.path->parent = 6;
    file.path->name = name;
    DS_RETURN_IF_ERROR(writer.AddInodes(file));
  }

  for (const OpenHandleRow& handle :
       {OpenHandleRow{1, 3, 0100002}, OpenHandleRow{2, 8, 0100000}}) {
    DS_RETURN_IF_ERROR(writer.AddHandles(handle));
  }
  DS_RETURN_IF_ERROR(writer.AddMountPaths(MountPathRow{36, "."}));
  return writer.Finish();
}

}  // namespace

absl::Status WriteSmallState(ByteSink* sink) {
  WriterOptions options;
  options.compression = Compression::Raw();
  options.embed_descriptor_set = false;
  options.max_batch_records = 4;
  return WriteState(options, 0, sink);
}

absl::Status WriteCompressedState(ByteSink* sink) {
  WriterOptions options;
  options.compression = Compression::Zstd(3);
  options.max_batch_records = 150;
  return WriteState(options, 250, sink);
}

absl::Status StateText::OnRoot(const FsState& root) {
  absl::StrAppend(&text_, "root ", root.ShortDebugString(), "\n");
  return absl::OkStatus();
}

absl::Status StateText::OnInodes(InodesBatch& batch) {
  InodeRow row;
  while (batch.Next(&row)) {
    absl::StrAppend(&text_, "inode ", row.id, " ", row.refcount, " ", row.mode,
                    " ", row.ino);
    if (row.root) absl::StrAppend(&text_, " root");
    if (row.lost) absl::StrAppend(&text_, " lost");
    if (row.path) {
      absl::StrAppend(&text_, " path ", row.path->parent, " ", row.path->name);
    }
    if (row.full_path) absl::StrAppend(&text_, " full_path ", *row.full_path);
    for (const auto& handle : {row.handle, row.verification_handle}) {
      if (!handle) continue;
      absl::StrAppend(&text_, " handle ", handle->mount_id, " ", handle->type,
                      " ", absl::BytesToHexString(handle->handle));
    }
    absl::StrAppend(&text_, "\n");
  }
  return absl::OkStatus();
}

absl::Status StateText::OnHandles(HandlesBatch& batch) {
  OpenHandleRow row;
  while (batch.Next(&row)) {
    absl::StrAppend(&text_, "open ", row.id, " ", row.inode, " ", row.flags,
                    "\n");
  }
  return absl::OkStatus();
}

absl::Status StateText::OnMountPaths(MountPathsBatch& batch) {
  MountPathRow row;
  while (batch.Next(&row)) {
    absl::StrAppend(&text_, "mount ", row.mount_id, " ", row.path, "\n");
  }
  return absl::OkStatus();
}

}  // namespace devstate::testing
