// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Opens and looks at files beneath a directory without ever leaving it.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_TREE_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_TREE_H_

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/io/file_descriptor.h"
#include "examples/fs_backend/inode_table.h"

namespace devstate::examples {

// The facts that tell one file from another.
struct FileFacts {
  uint32_t mode = 0;
  uint64_t device = 0;
  uint64_t ino = 0;
  int64_t ctime_ns = 0;
  uint64_t links = 0;
  uint64_t mount_id = 0;
  std::optional<FileHandle> file_handle;
};

// Returns the facts of a file. Works on O_PATH descriptors. On failure returns
// nullopt and sets errno.
std::optional<FileFacts> ReadFacts(int fd);

// Opens the shared directory itself, as an O_PATH descriptor. The path may go
// through symbolic links, because it comes from the command line and not from a
// guest.
//
// Errors: NOT_FOUND, FAILED_PRECONDITION (not a directory), PERMISSION_DENIED.
absl::StatusOr<FileDescriptor> OpenRoot(const std::string& path);

// Opens `name` in `directory`, following no link and not leaving it. With
// O_PATH the link itself opens. An invalid descriptor means errno.
FileDescriptor OpenBeneath(int directory, const std::string& name, int flags);

// Opens for reading or writing what the O_PATH descriptor `fd` refers to, and
// nothing else, because the name is not looked up again. Keeps only the access
// mode of `flags`, so it neither creates nor truncates. An invalid descriptor
// means errno.
FileDescriptor Reopen(int fd, int flags);

// The directories that are held open at a time.
inline constexpr size_t kOpenDirectories = 32;

// Descriptors of a table's directories: few at a time, however many there are.
// Thread-safety: none.
//
// Requires: table and root outlive the cache, and the table keeps the inodes
// that were asked for; more may be added.
class DirectoryCache {
 public:
  // Keeps up to `capacity` descriptors open, at least one, besides the root.
  DirectoryCache(const InodeTable& table, int root,
                 size_t capacity = kOpenDirectories)
      : table_(table), root_(root), capacity_(capacity) {}

  // Returns the descriptor of the directory `table.inodes[index]`, valid until
  // the next call. -1 means errno. Requires: `table` holds its ancestors.
  int Get(size_t index);

  size_t open_count() const { return recent_.size(); }

 private:
  struct Entry {
    size_t index;
    FileDescriptor fd;
  };

  int Cached(size_t index);

  const InodeTable& table_;
  const int root_;
  const size_t capacity_;
  // The entries, most recently used first.
  std::list<Entry> recent_;
  std::unordered_map<size_t, std::list<Entry>::iterator> by_index_;
};

// Returns one line on a failed system call: what was tried, where, and what
// errno says, with the status code that fits.
absl::Status ErrnoStatus(int error, const std::string& what);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_TREE_H_
