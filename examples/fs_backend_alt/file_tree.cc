// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Keeps paths where fs_backend keeps descriptors: two implementations of one
// device type differ, and the portable state has to serve both. The kernel
// confines every open to the shared directory.

#include "examples/fs_backend_alt/file_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <filesystem>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::examples::alt {
namespace {

namespace fs = std::filesystem;

absl::Status SystemError(absl::string_view what, absl::string_view path,
                         int error) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("cannot ", what, " ", absl::CHexEscape(path)));
}

absl::StatusOr<FileDescriptor> OpenDirectory(const std::string& path) {
  FileDescriptor fd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return SystemError("share", path, errno);
  return fd;
}

// `path` is beneath `root`, and so is what is opened, whatever the path says.
FileDescriptor OpenBelow(const FileDescriptor& root, const std::string& path,
                         uint64_t flags) {
  struct open_how how = {};
  how.flags = flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NONBLOCK | O_NOCTTY);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return FileDescriptor(static_cast<int>(
      syscall(SYS_openat2, root.get(), path.empty() ? "." : path.c_str(), &how,
              sizeof(how))));
}

void SetStat(const struct stat& stat, Node* node) {
  node->mode = stat.st_mode;
  node->ino = stat.st_ino;
  node->ctime_ns =
      stat.st_ctim.tv_sec * int64_t{1000000000} + stat.st_ctim.tv_nsec;
}

absl::string_view ModeName(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "regular file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symbolic link";
    default:
      return "special file";
  }
}

}  // namespace

absl::StatusOr<FileTree> FileTree::Scan(const std::string& directory,
                                        size_t open_every) {
  DS_ASSIGN_OR_RETURN(const FileDescriptor root, OpenDirectory(directory));
  FileTree tree;
  struct stat stat;
  if (fstat(root.get(), &stat) != 0) {
    return SystemError("look at", directory, errno);
  }
  DS_ASSIGN_OR_RETURN(Node* const top, tree.Add(kRoot));
  top->lookups = 1;
  SetStat(stat, top);
  const dev_t device = stat.st_dev;
  std::map<std::pair<dev_t, ino_t>, Node*> linked;
  size_t regular_files = 0;
  std::deque<Node*> pending = {top};
  for (; !pending.empty(); pending.pop_front()) {
    Node* const parent = pending.front();
    const fs::path place = fs::path(directory) / tree.PathOf(*parent);
    std::error_code error;
    std::set<std::string> names;
    for (fs::directory_iterator entry(place, error), end;
         !error && entry != end; entry.increment(error)) {
      names.insert(entry->path().filename());
    }
    if (error) return SystemError("list", place.native(), error.value());
    for (const std::string& name : names) {
      const std::string path = place / name;
      if (lstat(path.c_str(), &stat) != 0) {
        return SystemError("look at", path, errno);
      }
      Node*& known = linked[{stat.st_dev, stat.st_ino}];
      if (known != nullptr) {
        ++known->lookups;
        continue;
      }
      DS_ASSIGN_OR_RETURN(known, tree.Add(tree.next_node++));
      DS_RETURN_IF_ERROR(tree.Link(known, parent->id, name));
      known->lookups = 1;
      ++parent->lookups;
      SetStat(stat, known);
      if (S_ISDIR(stat.st_mode) && stat.st_dev == device) {
        pending.push_back(known);
      }
      if (S_ISREG(stat.st_mode) && open_every != 0 &&
          ++regular_files % open_every == 0) {
        OpenFile& file = tree.open_files[tree.next_open_file++];
        file.node = known->id;
        file.flags = O_RDONLY;
        file.fd = OpenBelow(root, tree.PathOf(*known), O_RDONLY);
        if (!file.fd.valid()) return SystemError("open", path, errno);
      }
    }
  }
  return tree;
}

absl::StatusOr<Node*> FileTree::Add(uint64_t id) {
  const auto [entry, is_new] = nodes.try_emplace(id);
  if (!is_new) {
    return absl::InvalidArgumentError(absl::StrCat("node ", id, " is twice"));
  }
  entry->second.id = id;
  return &entry->second;
}

absl::Status FileTree::Link(Node* child, uint64_t parent,
                            absl::string_view name) {
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("node ", child->id, ", the child ", absl::CHexEscape(name),
                     " of node ", parent, ": ", why));
  };
  if (child->id == kRoot) return refuse("the root has no parent");
  const auto found = nodes.find(parent);
  if (found == nodes.end()) return refuse("there is no such parent");
  if (name.empty() || name == "." || name == ".." || name.size() > NAME_MAX ||
      name.find('/') != absl::string_view::npos ||
      name.find('\0') != absl::string_view::npos) {
    return refuse("that is no file's name");
  }
  child->parent = &found->second;
  child->name = std::string(name);
  if (!found->second.children.emplace(child->name, child).second) {
    return refuse("the parent has another child of this name");
  }
  return absl::OkStatus();
}

absl::Status FileTree::CheckWhole() const {
  std::set<uint64_t> reached;
  std::vector<const Node*> pending;
  // A guest that has not mounted has no root.
  if (nodes.count(kRoot) != 0) pending.push_back(&nodes.at(kRoot));
  while (!pending.empty()) {
    const Node* const node = pending.back();
    pending.pop_back();
    reached.insert(node->id);
    for (const auto& [name, child] : node->children) pending.push_back(child);
  }
  for (const auto& [id, node] : nodes) {
    if (reached.count(id) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("node ", id, " does not hang on the root"));
    }
  }
  for (const auto& [id, file] : open_files) {
    if (nodes.count(file.node) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("open file ", id, ": there is no node ", file.node));
    }
  }
  return absl::OkStatus();
}

absl::Status FileTree::Find(const std::string& directory) {
  DS_ASSIGN_OR_RETURN(const FileDescriptor root, OpenDirectory(directory));
  for (const auto& [id, node] : nodes) {
    const std::string path = PathOf(node);
    if (path.empty() && node.parent != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the path of node ", id, " is too long"));
    }
    const FileDescriptor file = OpenBelow(root, path, O_PATH | O_NOFOLLOW);
    struct stat stat;
    if (!file.valid() || fstat(file.get(), &stat) != 0) {
      return SystemError(absl::StrCat("find node ", id, " at"), path, errno);
    }
    if (node.mode != 0 && (stat.st_mode & S_IFMT) != (node.mode & S_IFMT)) {
      return absl::FailedPreconditionError(absl::StrCat(
          absl::CHexEscape(path), ", node ", id, ", is a ",
          ModeName(stat.st_mode), " here and was a ", ModeName(node.mode)));
    }
  }
  for (auto& [id, file] : open_files) {
    const std::string path = PathOf(nodes.at(file.node));
    struct stat stat;
    const FileDescriptor there = OpenBelow(root, path, O_PATH | O_NOFOLLOW);
    // Nothing whose opening does something.
    if (there.valid() && fstat(there.get(), &stat) == 0 &&
        !S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat("open file ", id, ", ", absl::CHexEscape(path),
                       ", is a ", ModeName(stat.st_mode)));
    }
    file.fd =
        OpenBelow(root, path, static_cast<uint64_t>(file.flags) & O_ACCMODE);
    if (!file.fd.valid()) return SystemError("open", path, errno);
  }
  return absl::OkStatus();
}

std::string FileTree::PathOf(const Node& node) const {
  std::deque<absl::string_view> names;
  size_t length = 0;
  for (const Node* at = &node; at->parent != nullptr; at = at->parent) {
    names.push_front(at->name);
    length += at->name.size() + 1;
    if (length >= PATH_MAX) return "";
  }
  return absl::StrJoin(names, "/");
}

void FileTree::Print(std::ostream& out) const {
  std::map<std::string, const Node*> by_path;
  for (const auto& [id, node] : nodes) by_path[PathOf(node)] = &node;
  for (const auto& [path, node] : by_path) {
    out << absl::CHexEscape(path) << "\tnode " << node->id << " lookups "
        << node->lookups << " mode " << std::oct << node->mode << std::dec
        << " ino " << node->ino << " ctime " << node->ctime_ns;
    if (node->handle.has_value()) {
      out << " handle " << node->handle->mount_id << " " << node->handle->type
          << " " << absl::BytesToHexString(node->handle->bytes);
    }
    out << "\n";
  }
  for (const auto& [id, file] : open_files) {
    out << "open " << id << " node " << file.node << " flags " << file.flags;
    for (const Lock& lock : file.locks) {
      out << " lock " << lock.kind << " " << lock.first << "-" << lock.last
          << " of " << lock.owner << " pid " << lock.pid;
    }
    out << "\n";
  }
  out << "next " << next_node << " " << next_open_file << "\n";
}

}  // namespace devstate::examples::alt
