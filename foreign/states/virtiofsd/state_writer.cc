// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/state_writer.h"

#include <cstddef>

#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::virtiofsd {
namespace {

constexpr size_t kFlushSize = 64 * 1024;

}  // namespace

void StateWriter::PutVarint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    buffer_.push_back(static_cast<char>(value | 0x80));
  }
  buffer_.push_back(static_cast<char>(value));
}

void StateWriter::PutI32(int32_t value) {
  const auto bits = static_cast<uint32_t>(value);
  PutVarint((bits << 1) ^ (0 - (bits >> 31)));
}

void StateWriter::PutBytes(absl::string_view bytes) {
  PutVarint(bytes.size());
  buffer_.append(bytes.data(), bytes.size());
}

void StateWriter::PutFileHandle(const FileHandleRow& handle) {
  PutVarint(handle.mount_id);
  PutI32(handle.type);
  PutBytes(handle.handle);
}

absl::Status StateWriter::FlushIfFull() {
  if (buffer_.size() < kFlushSize) return absl::OkStatus();
  DS_RETURN_IF_ERROR(sink_.Write(buffer_));
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status StateWriter::Begin() {
  PutVarint(static_cast<uint64_t>(summary_.version));
  PutVarint(summary_.inodes);
  EndInodesIfComplete();
  return absl::OkStatus();
}

void StateWriter::EndInodesIfComplete() {
  if (inodes_ != summary_.inodes) return;
  PutVarint(summary_.root.next_inode());
  PutVarint(summary_.handles);
  EndHandlesIfComplete();
}

void StateWriter::EndHandlesIfComplete() {
  if (handles_ != summary_.handles) return;
  PutVarint(summary_.root.next_handle());
  const Session& session = summary_.root.session();
  PutBool(session.writeback_cache());
  PutBool(session.announce_submounts());
  PutBool(session.posix_acl());
  PutBool(session.supplementary_group_extension());
  if (summary_.version != Version::kV1) PutVarint(summary_.mount_paths);
}

absl::Status StateWriter::OnInode(const InodeRow& row, Offset) {
  PutVarint(row.id);
  PutVarint(row.refcount);
  if (row.root.has_value()) {
    PutVarint(0);
  } else if (row.path.has_value()) {
    PutVarint(1);
    PutVarint(row.path->parent);
    PutBytes(row.path->name);
  } else if (row.lost.has_value()) {
    PutVarint(2);
  } else if (row.full_path.has_value()) {
    PutVarint(3);
    PutBytes(*row.full_path);
  } else if (row.handle.has_value()) {
    PutVarint(4);
    PutFileHandle(*row.handle);
  } else {
    return absl::FailedPreconditionError("an inode has no location");
  }
  PutBool(row.verification_handle.has_value());
  if (row.verification_handle.has_value()) {
    PutFileHandle(*row.verification_handle);
  }
  ++inodes_;
  EndInodesIfComplete();
  return FlushIfFull();
}

absl::Status StateWriter::OnHandle(const OpenHandleRow& row, Offset) {
  PutVarint(row.id);
  PutVarint(row.inode);
  PutVarint(0);
  PutI32(static_cast<int32_t>(row.flags));
  ++handles_;
  EndHandlesIfComplete();
  return FlushIfFull();
}

absl::Status StateWriter::OnMountPath(const MountPathRow& row, Offset) {
  ++mount_paths_;
  if (summary_.version == Version::kV1) return absl::OkStatus();
  PutVarint(row.mount_id);
  PutBytes(row.path);
  return FlushIfFull();
}

absl::Status StateWriter::Finish() {
  if (inodes_ != summary_.inodes || handles_ != summary_.handles ||
      mount_paths_ != summary_.mount_paths) {
    return absl::FailedPreconditionError(
        "the table has other records than were announced");
  }
  return sink_.Write(buffer_);
}

}  // namespace devstate::virtiofsd
