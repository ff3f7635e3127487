// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The other end of the walk. After a load, it finds every inode of a table
// again beneath the shared directory of this host.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_REFIND_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_REFIND_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/backend/parallel_parts.h"
#include "examples/fs_backend/directory_walker.h"
#include "examples/fs_backend/inode_table.h"

namespace devstate::examples {

struct RefindOptions {
  // Whether a file handle that is known on both sides must be the same. False
  // for a destination whose tree is a copy on another file system.
  // Default: true.
  bool check_file_handles = true;
  // The most threads that look for files. Small tables need fewer. Default: as
  // many as there are processors for this process.
  size_t threads = UsableProcessors();
};

// A table that is still coming, and its files, found before all of it is there.
// It may change until then, and not fit together. Thread-safety: none.
class FilesAhead {
 public:
  // Keeps at most `most_inodes`. Inodes that are deleted at the source stay
  // here, and no limit of the reader counts them. Default: 4 Mi.
  explicit FilesAhead(size_t most_inodes = 4 << 20)
      : most_inodes_(most_inodes) {}

  // Takes an inode, which replaces the one of its id before it. The table may
  // come from anywhere. What is one too many is left for Refind().
  void Add(Inode inode);

  // Looks beneath `path`, as Refind() does, for what was added since the last
  // call. What is not there, or is another file, is not an error: it may be
  // gone at the source, too.
  void Look(const std::string& path, const RefindOptions& options);

  // Takes an inode of the whole table, when that comes in the end. What was
  // added and is not taken now is not in the table.
  void Take(const Inode& inode);

  struct Whole {
    // In ascending order of ids.
    std::vector<Inode> inodes;
    // For each inode, whether its file was found where it says, and was the one
    // that it says. That holds as long as it holds for its directories.
    std::vector<char> found;
  };
  // Returns the inodes that were taken. Nothing else may be called after it.
  Whole Finish();

 private:
  // Puts an inode in the place of the one with its id.
  void Replace(size_t index, const Inode& inode);
  // Puts inodes, whose ids ascend, between those of the table.
  void Insert(std::vector<Inode> inodes);

  const size_t most_inodes_;
  // What was added since the last Look(), by id.
  std::map<uint64_t, Inode> fresh_;
  // In ascending order of ids, without open handles.
  InodeTable table_;
  // For each inode of the table. Not bits: threads set them.
  std::vector<char> found_;
  // For each inode of the table, whether the whole one has it; empty until that
  // comes. Then what it has besides.
  std::vector<char> taken_;
  std::vector<Inode> others_;
};

struct Refound {
  size_t inodes = 0;
  // The number of inodes that were found ahead, and not looked for again.
  size_t ahead = 0;
  // The number of inodes whose file handle was known on both sides.
  size_t file_handles_checked = 0;
  // The number of inodes that were changed since the source looked, as far as
  // it said.
  size_t changed = 0;
  // The descriptors of the table's open handles, in the same order.
  std::vector<OpenFile> open_files;
};

// Checks `table` with CheckTable() and finds each of its inodes beneath `path`,
// following no symbolic link and never leaving `path`. Types must be the same,
// and file handles where both are known. The table may come from anywhere.
//
// Needs descriptors for the open handles and a fixed number besides. Open
// handles are opened with their access mode and no other flag, so nothing is
// created or truncated. On an error nothing stays open.
//
// Errors do not depend on the number of threads. They are, each with the
// inode's id and path: INVALID_ARGUMENT (the table is not a tree, see
// CheckTable()), NOT_FOUND, FAILED_PRECONDITION (another type or file, a link
// on the way), PERMISSION_DENIED, RESOURCE_EXHAUSTED (more open handles than
// descriptors).
//
// `ahead` says for each inode of the table whether it was found ahead; empty is
// none. Those are looked for again only for their open handles, or if one of
// the directories on their way was not found ahead. Whoever else changes them
// in between is not noticed.
absl::StatusOr<Refound> Refind(const InodeTable& table, const std::string& path,
                               const RefindOptions& options,
                               const std::vector<char>& ahead = {});

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_REFIND_H_
