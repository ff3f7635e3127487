// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A table may come from a stream and hold anything. Each check relies on those
// before it: ids ascend, so that parents are found by their id, and parents
// exist, so that their chains can be followed.

#include "examples/fs_backend/inode_table.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "devstate/devices/fs/names.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/fs_backend/type_name.h"

namespace devstate::examples {
namespace {

template <typename... Parts>
absl::Status BadInode(const InodeTable& table, size_t index,
                      const Parts&... what) {
  return absl::InvalidArgumentError(
      absl::StrCat("inode ", table.inodes[index].id, " (",
                   fs::Quote(PathOf(table, index)), "): ", what...));
}

// Ids ascend, so none occurs twice, and lookups by id work afterwards.
absl::Status CheckIds(const InodeTable& table) {
  if (table.inodes[0].id != kRootId) {
    return absl::InvalidArgumentError(
        absl::StrCat("the table has no root, inode ", kRootId,
                     ": it does not come from a mounted file system"));
  }
  for (size_t i = 1; i < table.inodes.size(); ++i) {
    const uint64_t id = table.inodes[i].id;
    const uint64_t before = table.inodes[i - 1].id;
    if (id == before) {
      return absl::InvalidArgumentError(
          absl::StrCat("inode ", id, " occurs twice"));
    }
    if (id < before) {
      return absl::InvalidArgumentError(
          absl::StrCat("inode ", id, " comes after inode ", before));
    }
  }
  if (table.next_inode_id <= table.inodes.back().id) {
    return absl::InvalidArgumentError(
        absl::StrCat("the next inode id ", table.next_inode_id,
                     " is not above inode ", table.inodes.back().id));
  }
  return absl::OkStatus();
}

// Every parent exists and is a directory. Returns the parents' indices.
absl::StatusOr<std::vector<size_t>> CheckParents(const InodeTable& table) {
  std::vector<size_t> parents(table.inodes.size(), 0);
  std::vector<uint64_t> children(table.inodes.size(), 0);
  const Inode& root = table.inodes[0];
  if (root.parent != 0 || !root.name.empty()) {
    return BadInode(table, 0, "the root has a parent or a name");
  }
  if (root.mode != 0 && !S_ISDIR(root.mode)) {
    return BadInode(table, 0, "the root is a ", TypeName(root.mode));
  }
  for (size_t i = 1; i < table.inodes.size(); ++i) {
    const Inode& inode = table.inodes[i];
    if (const absl::string_view wrong = fs::WrongName(inode.name);
        !wrong.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("inode ", inode.id, ": the name ", fs::Quote(inode.name),
                       " ", wrong));
    }
    const std::optional<size_t> parent = FindInode(table, inode.parent);
    if (!parent.has_value()) {
      return BadInode(table, i, "its parent, inode ", inode.parent,
                      ", is missing");
    }
    const uint32_t mode = table.inodes[*parent].mode;
    if (mode != 0 && !S_ISDIR(mode)) {
      return BadInode(table, i, "its parent, inode ", inode.parent, ", is a ",
                      TypeName(mode));
    }
    parents[i] = *parent;
    ++children[*parent];
  }
  for (size_t i = 0; i < table.inodes.size(); ++i) {
    const uint64_t least = std::max<uint64_t>(children[i], 1);
    if (table.inodes[i].refcount < least) {
      return BadInode(table, i, "refcount ", table.inodes[i].refcount,
                      " is below the ", least, " known references");
    }
  }
  return parents;
}

// Every chain of parents ends at the root.
absl::Status CheckAcyclic(const InodeTable& table,
                          const std::vector<size_t>& parents) {
  // The walk that reached an inode; 1 is "known to hang on the root".
  constexpr size_t kOnRoot = 1;
  std::vector<size_t> walk(parents.size(), 0);
  walk[0] = kOnRoot;
  for (size_t i = 1; i < parents.size(); ++i) {
    const size_t self = i + kOnRoot;
    size_t at = i;
    while (walk[at] == 0) {
      walk[at] = self;
      at = parents[at];
    }
    if (walk[at] == self) {
      return absl::InvalidArgumentError(absl::StrCat(
          "inode ", table.inodes[at].id, " (", fs::Quote(table.inodes[at].name),
          ") is its own ancestor: the parents form a cycle"));
    }
    for (at = i; walk[at] == self; at = parents[at]) walk[at] = kOnRoot;
  }
  return absl::OkStatus();
}

absl::Status CheckOpenHandles(const InodeTable& table) {
  for (size_t i = 0; i < table.open_handles.size(); ++i) {
    const OpenHandle& handle = table.open_handles[i];
    const std::string name = absl::StrCat("open handle ", handle.id);
    if (i > 0 && handle.id <= table.open_handles[i - 1].id) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " occurs twice or out of order, after ",
                       table.open_handles[i - 1].id));
    }
    const std::optional<size_t> index = FindInode(table, handle.inode);
    if (!index.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": its inode ", handle.inode, " is missing"));
    }
    // Without a mode, the file itself tells when it is found.
    const uint32_t mode = table.inodes[*index].mode;
    if (mode != 0) {
      DS_RETURN_IF_ERROR(CheckOpenHandle(table, handle, *index, mode));
    }
  }
  if (!table.open_handles.empty() &&
      table.next_handle_id <= table.open_handles.back().id) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the next handle id ", table.next_handle_id,
        " is not above open handle ", table.open_handles.back().id));
  }
  return absl::OkStatus();
}

// A lock and the handle that it was taken through.
struct HeldLock {
  const OpenHandle* handle;
  const FileLock* lock;
};

absl::Status CheckLocks(const InodeTable& table) {
  std::vector<HeldLock> held;
  for (const OpenHandle& handle : table.open_handles) {
    for (const FileLock& lock : handle.locks) {
      if (lock.first > lock.last || lock.last > kEndOfFile) {
        return absl::InvalidArgumentError(absl::StrCat(
            "open handle ", handle.id, " has a lock from ", lock.first, " to ",
            lock.last, ", which is no range of a file"));
      }
      held.push_back({&handle, &lock});
    }
  }
  std::sort(held.begin(), held.end(), [](const HeldLock& a, const HeldLock& b) {
    return std::tie(a.handle->inode, a.lock->first) <
           std::tie(b.handle->inode, b.lock->first);
  });
  // Those of one inode that reach furthest, of all and of the writers.
  const HeldLock* any = nullptr;
  const HeldLock* writer = nullptr;
  for (const HeldLock& next : held) {
    if (any != nullptr && any->handle->inode != next.handle->inode) {
      any = writer = nullptr;
    }
    const HeldLock* const other = next.lock->write ? any : writer;
    if (other != nullptr && next.lock->first <= other->lock->last) {
      return absl::InvalidArgumentError(
          absl::StrCat("open handles ", other->handle->id, " and ",
                       next.handle->id, " both lock byte ", next.lock->first,
                       " of inode ", next.handle->inode));
    }
    const auto keep = [&next](const HeldLock** furthest) {
      if (*furthest == nullptr || (*furthest)->lock->last < next.lock->last) {
        *furthest = &next;
      }
    };
    keep(&any);
    if (next.lock->write) keep(&writer);
  }
  return absl::OkStatus();
}

std::string LocksText(const OpenHandle& handle) {
  if (handle.locks.empty()) return "none";
  std::string text;
  for (const FileLock& lock : handle.locks) {
    absl::StrAppend(&text, text.empty() ? "" : ",", LockText(lock));
  }
  return text;
}

std::string HandleText(const std::optional<FileHandle>& handle) {
  if (!handle.has_value()) return "none";
  return absl::StrCat(handle->type, ":", absl::BytesToHexString(handle->bytes));
}

template <typename T>
std::optional<std::string> Differs(absl::string_view what, const T& source,
                                   const T& destination) {
  if (source == destination) return std::nullopt;
  return absl::StrCat(what, " is ", source, " at the source and ", destination,
                      " at the destination");
}

std::optional<std::string> InodeDifference(const Inode& a, const Inode& b) {
  if (auto text = Differs("id", a.id, b.id)) return text;
  if (auto text = Differs("parent", a.parent, b.parent)) return text;
  if (auto text = Differs("name", fs::Quote(a.name), fs::Quote(b.name))) {
    return text;
  }
  if (auto text = Differs("refcount", a.refcount, b.refcount)) return text;
  if (auto text = Differs("mode", absl::StrFormat("0%o", a.mode),
                          absl::StrFormat("0%o", b.mode))) {
    return text;
  }
  if (auto text = Differs("ino", a.ino, b.ino)) return text;
  if (auto text = Differs("ctime_ns", a.ctime_ns, b.ctime_ns)) return text;
  if (auto text = Differs("mount_id", a.mount_id, b.mount_id)) return text;
  if (a.file_handle == b.file_handle) return std::nullopt;
  return Differs("file handle", HandleText(a.file_handle),
                 HandleText(b.file_handle));
}

std::optional<std::string> HandleDifference(const OpenHandle& a,
                                            const OpenHandle& b) {
  if (auto text = Differs("id", a.id, b.id)) return text;
  if (auto text = Differs("inode", a.inode, b.inode)) return text;
  if (auto text = Differs("flags", absl::StrFormat("0%o", a.flags),
                          absl::StrFormat("0%o", b.flags))) {
    return text;
  }
  return Differs("locks", LocksText(a), LocksText(b));
}

}  // namespace

std::string LockText(const FileLock& lock) {
  return absl::StrCat(lock.write ? "write " : "read ", lock.first, "-",
                      lock.last == kEndOfFile ? "" : absl::StrCat(lock.last),
                      " owner ", lock.owner, " pid ", lock.pid);
}

std::string SessionText(const std::optional<Session>& session) {
  if (!session.has_value()) return "none";
  return absl::StrCat("writeback ", session->writeback_cache, " submounts ",
                      session->announce_submounts, " acl ", session->posix_acl,
                      " groups ", session->supplementary_group_extension);
}

std::optional<size_t> FindInode(const InodeTable& table, uint64_t id) {
  if (id < kRootId) return std::nullopt;
  const std::vector<Inode>& inodes = table.inodes;
  // Each gap in the ids below it brings an inode one place nearer to the root,
  // and few tables have many.
  size_t end = std::min<uint64_t>(inodes.size(), id - kRootId + 1);
  size_t begin = end;
  for (size_t step = 1; begin > 0 && inodes[begin - 1].id >= id; step *= 2) {
    end = begin;
    begin -= std::min(begin, step);
  }
  const auto found = std::lower_bound(
      inodes.begin() + begin, inodes.begin() + end, id,
      [](const Inode& inode, uint64_t wanted) { return inode.id < wanted; });
  if (found == inodes.begin() + end || found->id != id) return std::nullopt;
  return found - inodes.begin();
}

std::string PathOf(const InodeTable& table, size_t index) {
  // Longer chains are cut, which also ends a cycle.
  constexpr size_t kMaxLength = 4096;
  std::vector<absl::string_view> names;
  size_t length = 0;
  bool whole = true;
  while (table.inodes[index].id != kRootId) {
    const Inode& inode = table.inodes[index];
    names.push_back(inode.name);
    length += inode.name.size() + 1;
    const std::optional<size_t> parent = FindInode(table, inode.parent);
    if (!parent.has_value() || length > kMaxLength) {
      whole = false;
      break;
    }
    index = *parent;
  }
  if (names.empty()) return ".";
  std::string path = whole ? "" : "…/";
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    absl::StrAppend(&path, name == names.rbegin() ? "" : "/", *name);
  }
  return path;
}

absl::Status CheckTable(const InodeTable& table) {
  // The guest has not mounted yet.
  if (table.inodes.empty()) return CheckOpenHandles(table);
  DS_RETURN_IF_ERROR(CheckIds(table));
  absl::StatusOr<std::vector<size_t>> parents = CheckParents(table);
  DS_RETURN_IF_ERROR(parents.status());
  DS_RETURN_IF_ERROR(CheckAcyclic(table, *parents));
  DS_RETURN_IF_ERROR(CheckOpenHandles(table));
  return CheckLocks(table);
}

absl::Status CheckOpenHandle(const InodeTable& table, const OpenHandle& handle,
                             size_t index, uint32_t mode) {
  const std::string name = absl::StrCat("open handle ", handle.id);
  if (!S_ISREG(mode) && !S_ISDIR(mode)) {
    return BadInode(table, index, name, " would open a ", TypeName(mode),
                    "; only regular files and directories are held open");
  }
  const int64_t access = handle.flags & O_ACCMODE;
  if (access == O_ACCMODE || (S_ISDIR(mode) && access != O_RDONLY)) {
    return BadInode(table, index, name, " has access mode ", access,
                    ", which a ", TypeName(mode), " does not have");
  }
  return absl::OkStatus();
}

std::vector<DirectoryChildren> DepthFirst(const InodeTable& table) {
  std::vector<std::vector<size_t>> children(table.inodes.size());
  for (size_t i = 1; i < table.inodes.size(); ++i) {
    const std::optional<size_t> parent =
        FindInode(table, table.inodes[i].parent);
    if (parent.has_value()) children[*parent].push_back(i);
  }
  std::vector<DirectoryChildren> order;
  std::vector<size_t> pending = {0};
  while (!pending.empty()) {
    const size_t directory = pending.back();
    pending.pop_back();
    std::vector<size_t>& own = children[directory];
    for (auto child = own.rbegin(); child != own.rend(); ++child) {
      if (!children[*child].empty()) pending.push_back(*child);
    }
    if (!own.empty()) order.push_back({directory, std::move(own)});
  }
  return order;
}

std::optional<std::string> FirstDifference(const InodeTable& source,
                                           const InodeTable& destination) {
  const size_t inodes =
      std::min(source.inodes.size(), destination.inodes.size());
  for (size_t i = 0; i < inodes; ++i) {
    auto text = InodeDifference(source.inodes[i], destination.inodes[i]);
    if (text.has_value()) {
      return absl::StrCat("inode ", source.inodes[i].id, " (",
                          fs::Quote(PathOf(source, i)), "): ", *text);
    }
  }
  if (auto text = Differs("the number of inodes", source.inodes.size(),
                          destination.inodes.size())) {
    return text;
  }
  const size_t handles =
      std::min(source.open_handles.size(), destination.open_handles.size());
  for (size_t i = 0; i < handles; ++i) {
    auto text =
        HandleDifference(source.open_handles[i], destination.open_handles[i]);
    if (text.has_value()) {
      return absl::StrCat("open handle ", source.open_handles[i].id, ": ",
                          *text);
    }
  }
  if (auto text =
          Differs("the number of open handles", source.open_handles.size(),
                  destination.open_handles.size())) {
    return text;
  }
  if (auto text = Differs("the next inode id", source.next_inode_id,
                          destination.next_inode_id)) {
    return text;
  }
  if (auto text = Differs("the next handle id", source.next_handle_id,
                          destination.next_handle_id)) {
    return text;
  }
  return Differs("the session", SessionText(source.session),
                 SessionText(destination.session));
}

}  // namespace devstate::examples
