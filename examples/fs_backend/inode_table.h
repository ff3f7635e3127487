// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of the example device, which is what a virtio-fs back-end knows of
// the directory that it shares.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_INODE_TABLE_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_INODE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace devstate::examples {

inline constexpr uint64_t kRootId = 1;

// The answer of name_to_handle_at() on a file: its identity within one file
// system.
struct FileHandle {
  int32_t type = 0;
  std::string bytes;

  friend bool operator==(const FileHandle& a, const FileHandle& b) {
    return a.type == b.type && a.bytes == b.bytes;
  }
  friend bool operator!=(const FileHandle& a, const FileHandle& b) {
    return !(a == b);
  }
};

// A file that the guest looked up. `parent` and `name` are one way to it; the
// root has neither.
struct Inode {
  uint64_t id = 0;
  uint64_t parent = 0;
  // The number of names that the guest knows, one more for the root, one more
  // for each child.
  uint64_t refcount = 0;
  std::string name;
  // st_mode, with the type, and st_ino; 0 if the source did not say.
  uint32_t mode = 0;
  uint64_t ino = 0;
  // st_ctim in nanoseconds, 0 if nobody asked for it.
  int64_t ctime_ns = 0;
  // The mount of `file_handle`; 0 without one.
  uint64_t mount_id = 0;
  // The file's handle; absent where the file system has none.
  std::optional<FileHandle> file_handle;
};

// A byte range of a file that a process of the guest has locked.
struct FileLock {
  // The owner of the lock, as FUSE names it.
  uint64_t owner = 0;
  bool write = false;
  // The range, both ends inclusive.
  uint64_t first = 0;
  uint64_t last = 0;
  uint32_t pid = 0;
};
inline constexpr uint64_t kEndOfFile = (uint64_t{1} << 63) - 1;

// A file that the guest holds open.
struct OpenHandle {
  uint64_t id = 0;
  uint64_t inode = 0;
  // The flags as given to openat2().
  int64_t flags = 0;
  std::vector<FileLock> locks = {};
};

// The agreement of back-end and guest when the guest mounted.
struct Session {
  bool writeback_cache = false;
  bool announce_submounts = false;
  bool posix_acl = false;
  bool supplementary_group_extension = false;
};

// Returns one line for humans; "none" if there is no session.
std::string SessionText(const std::optional<Session>& session);

struct InodeTable {
  // The inodes and the open handles, both in ascending order of their ids.
  std::vector<Inode> inodes;
  std::vector<OpenHandle> open_handles;
  // The next ids. Neither these nor any above were given out so far.
  uint64_t next_inode_id = kRootId + 1;
  uint64_t next_handle_id = 0;
  // The session of the guest that the table came from; a walk has none.
  std::optional<Session> session;
};

// Returns one line for humans: "read 0-99 owner 7 pid 12", and "0-" to the
// file's end.
std::string LockText(const FileLock& lock);

// Returns the index of inode `id` in `table.inodes`, nullopt if there is none.
// Takes time logarithmic in the gaps that the ids below have.
std::optional<size_t> FindInode(const InodeTable& table, uint64_t id);

// Returns the path of `table.inodes[index]` beneath the root, for messages. "."
// is the root. Safe on any table: a path that does not end at the root begins
// with "…/".
std::string PathOf(const InodeTable& table, size_t index);

// Checks everything that can be told without the file system: ids, names,
// parents, refcounts, open handles, flags, locks. Takes linear time, except for
// lookups and locks, which take n log n. A table that passes is a tree below
// inode 1, or it is empty because its guest has not mounted.
//
// INVALID_ARGUMENT names the first inode or open handle that breaks a rule.
absl::Status CheckTable(const InodeTable& table);

// Checks that `handle` may hold the inode at `index` open, if that has this
// `mode`. It is the part of CheckTable() for a mode that the source said.
// INVALID_ARGUMENT if not.
absl::Status CheckOpenHandle(const InodeTable& table, const OpenHandle& handle,
                             size_t index, uint32_t mode);

// The directories below the root of a table, and the root, that have children:
// parents first and depth first, each with its children in the order of their
// ids. What does not hang on the root is left out; a table that CheckTable()
// takes has nothing such. Requires: the table is not empty, and ids ascend.
struct DirectoryChildren {
  size_t directory;
  std::vector<size_t> children;
};
std::vector<DirectoryChildren> DepthFirst(const InodeTable& table);

// Returns one line on the first place where two tables differ, nullopt if they
// are equal.
std::optional<std::string> FirstDifference(const InodeTable& source,
                                           const InodeTable& destination);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_INODE_TABLE_H_
