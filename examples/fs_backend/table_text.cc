// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/table_text.h"

#include <ostream>

#include "absl/strings/escaping.h"
#include "examples/common/text_file.h"

namespace devstate::examples {
namespace {

void WriteTable(const InodeTable& table, std::ostream& file) {
  for (const Inode& inode : table.inodes) {
    file << "inode " << inode.id << " parent " << inode.parent << " refcount "
         << inode.refcount << " mode " << std::oct << inode.mode << std::dec
         << " ino " << inode.ino << " mount " << inode.mount_id;
    if (inode.file_handle.has_value()) {
      file << " handle " << inode.file_handle->type << ":"
           << absl::BytesToHexString(inode.file_handle->bytes);
    }
    if (inode.ctime_ns != 0) file << " ctime " << inode.ctime_ns;
    file << " name " << absl::CHexEscape(inode.name) << "\n";
  }
  for (const OpenHandle& handle : table.open_handles) {
    file << "open " << handle.id << " inode " << handle.inode << " flags "
         << std::oct << handle.flags << std::dec << "\n";
    for (const FileLock& lock : handle.locks) {
      file << "lock " << LockText(lock) << "\n";
    }
  }
  file << "next inode " << table.next_inode_id << " handle "
       << table.next_handle_id << "\n"
       << "session " << SessionText(table.session) << "\n";
}

}  // namespace

absl::Status WriteTableText(const InodeTable& table, const std::string& path) {
  return WriteTextFile(path, "the table", "--table-out",
                       [&](std::ostream& file) { WriteTable(table, file); });
}

}  // namespace devstate::examples
