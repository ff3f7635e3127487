// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of the alternative back-end: the shared directory as a tree of
// nodes that know their children by name.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_ALT_FILE_TREE_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_ALT_FILE_TREE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate::examples::alt {

// The answer of name_to_handle_at(2) to another back-end. This one does not ask
// for it, and hands on what it was given.
struct KernelHandle {
  uint64_t mount_id = 0;
  int32_t type = 0;
  std::string bytes;
};

struct Node {
  // FUSE's id of the node. The root has 1.
  uint64_t id = 0;
  uint64_t lookups = 0;
  // The parent; null for the root, and for nodes that are not linked yet.
  Node* parent = nullptr;
  std::string name;
  // The children by name.
  std::map<std::string, Node*> children;
  // The answers of stat(2); 0 if nobody asked.
  uint32_t mode = 0;
  uint64_t ino = 0;
  int64_t ctime_ns = 0;
  std::optional<KernelHandle> handle;
};

// A range that the guest has locked.
struct Lock {
  uint64_t owner = 0;
  int kind = 0;
  uint64_t first = 0;
  uint64_t last = 0;
  uint32_t pid = 0;
};

struct OpenFile {
  uint64_t node = 0;
  int64_t flags = 0;
  std::vector<Lock> locks;
  FileDescriptor fd;
};

// A tree of nodes. Nodes do not move, so the tree can be moved and not copied.
// Thread-safety: none.
class FileTree {
 public:
  static constexpr uint64_t kRoot = 1;

  // Returns every file beneath `directory`, as if the guest had looked it up,
  // level by level and in the order of names. Every `open_every`th regular file
  // is open; 0: none. Follows no symbolic link.
  //
  // Errors: NOT_FOUND, PERMISSION_DENIED and others name the file.
  static absl::StatusOr<FileTree> Scan(const std::string& directory,
                                       size_t open_every);

  // Adds a node that Link() has still to put in its place. INVALID_ARGUMENT if
  // the id is taken.
  absl::StatusOr<Node*> Add(uint64_t id);

  // Makes `child` the child `name` of node `parent`. INVALID_ARGUMENT, which
  // names the child, for a missing parent, a wrong name, or a name that is
  // taken.
  absl::Status Link(Node* child, uint64_t parent, absl::string_view name);

  // Checks that every node hangs on the root. INVALID_ARGUMENT, with its id,
  // for a node that does not, and if there are nodes and no root.
  absl::Status CheckWhole() const;

  // Checks that every node is there beneath `directory`, with its type where
  // that is known, and opens what is open. Never leaves `directory`.
  absl::Status Find(const std::string& directory);

  // Returns "a/b/c"; empty for the root, and for a path that is longer than the
  // kernel takes.
  std::string PathOf(const Node& node) const;

  // Prints one line for each node, in the order of paths, then the open files.
  void Print(std::ostream& out) const;

  std::map<uint64_t, Node> nodes;
  std::map<uint64_t, OpenFile> open_files;
  uint64_t next_node = kRoot + 1;
  uint64_t next_open_file = 0;
};

}  // namespace devstate::examples::alt

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_ALT_FILE_TREE_H_
