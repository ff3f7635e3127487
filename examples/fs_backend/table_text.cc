// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/table_text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace devstate::examples {

absl::Status WriteTableText(const InodeTable& table, const std::string& path) {
  const std::string unfinished = path + ".part";
  std::ofstream file(unfinished, std::ios::trunc);
  for (const Inode& inode : table.inodes) {
    file << "inode " << inode.id << " parent " << inode.parent << " refcount "
         << inode.refcount << " mode " << std::oct << inode.mode << std::dec
         << " ino " << inode.ino << " mount " << inode.mount_id;
    if (inode.file_handle.has_value()) {
      file << " handle " << inode.file_handle->type << ":"
           << absl::BytesToHexString(inode.file_handle->bytes);
    }
    file << " name " << absl::CHexEscape(inode.name) << "\n";
  }
  for (const OpenHandle& handle : table.open_handles) {
    file << "open " << handle.id << " inode " << handle.inode << " flags "
         << std::oct << handle.flags << std::dec << "\n";
  }
  file << "next inode " << table.next_inode_id << " handle "
       << table.next_handle_id << "\n";
  file.close();
  if (file.fail() || std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot write the table to ",
                                               path, ": ", std::strerror(errno),
                                               "; choose another --table-out"));
  }
  return absl::OkStatus();
}

}  // namespace devstate::examples
