// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/refind.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/devices/fs/names.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/fs_backend/tree.h"
#include "examples/fs_backend/type_name.h"

namespace devstate::examples {
namespace {

// Room for the directories and for what the rest of the process has open.
constexpr uint64_t kOtherDescriptors = 64;

absl::Status CheckDescriptorLimit(size_t open_handles) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
      limit.rlim_cur == RLIM_INFINITY ||
      open_handles + kOtherDescriptors <= limit.rlim_cur) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("the table has ", open_handles,
                   " open handles, but this process may open ", limit.rlim_cur,
                   " files; raise the limit (ulimit -n) to at least ",
                   open_handles + kOtherDescriptors));
}

// A thread for fewer files costs more than it saves.
constexpr size_t kFilesOfAThread = 1000;
// The files that a thread takes at a time: some, so that all threads end
// together, and not so few that each opens all directories.
constexpr size_t kFilesOfAPart = 256;
// Of more threads none would have a directory to keep open.
constexpr size_t kMostThreads = kOpenDirectories / 2;

// Some children of one directory.
struct Part {
  size_t directory;
  const size_t* begin;
  const size_t* end;
};

std::vector<Part> PartsOf(const std::vector<DirectoryChildren>& groups) {
  std::vector<Part> parts;
  for (const DirectoryChildren& group : groups) {
    const size_t* const end = group.children.data() + group.children.size();
    for (const size_t* begin = group.children.data(); begin != end;) {
      const size_t* const next =
          begin + std::min<size_t>(kFilesOfAPart, end - begin);
      parts.push_back({group.directory, begin, next});
      begin = next;
    }
  }
  return parts;
}

// The open handles of a table, in the order of their inodes.
class HandlesByInode {
 public:
  explicit HandlesByInode(const InodeTable& table)
      : table_(table), indices_(table.open_handles.size()) {
    std::iota(indices_.begin(), indices_.end(), size_t{0});
    std::stable_sort(
        indices_.begin(), indices_.end(), [&table](size_t a, size_t b) {
          return table.open_handles[a].inode < table.open_handles[b].inode;
        });
  }

  // Returns whether inode `id` has a handle.
  bool Has(uint64_t id) const {
    const auto found = FirstOf(id);
    return found != indices_.end() && table_.open_handles[*found].inode == id;
  }

  // Calls `visit` with the index of each handle of inode `id`, up to the first
  // error.
  template <typename Visit>
  absl::Status Of(uint64_t id, const Visit& visit) const {
    for (auto next = FirstOf(id);
         next != indices_.end() && table_.open_handles[*next].inode == id;
         ++next) {
      DS_RETURN_IF_ERROR(visit(*next));
    }
    return absl::OkStatus();
  }

 private:
  std::vector<size_t>::const_iterator FirstOf(uint64_t id) const {
    return std::lower_bound(indices_.begin(), indices_.end(), id,
                            [this](size_t handle, uint64_t wanted) {
                              return table_.open_handles[handle].inode < wanted;
                            });
  }

  const InodeTable& table_;
  std::vector<size_t> indices_;
};

// The part of one thread. What it opens for a handle goes into `open_files`,
// where each handle has a place of its own.
class Refinder {
 public:
  Refinder(const InodeTable& table, const HandlesByInode& handles,
           const RefindOptions& options, int root, size_t directories,
           std::vector<OpenFile>* open_files)
      : table_(table),
        handles_(handles),
        options_(options),
        directories_(table, root, directories),
        open_files_(*open_files) {}

  absl::Status FindRoot() { return Examine(0, directories_.Get(0)); }

  absl::Status Find(const Part& part) {
    const int directory = directories_.Get(part.directory);
    if (directory < 0) return Failed(part.directory, errno);
    for (const size_t* child = part.begin; child != part.end; ++child) {
      const FileDescriptor fd =
          OpenBeneath(directory, table_.inodes[*child].name, O_PATH);
      if (!fd.valid()) return Failed(*child, errno);
      DS_RETURN_IF_ERROR(Examine(*child, fd.get()));
    }
    return absl::OkStatus();
  }

  // Sets `found` of each child that is what the table says, and was not changed
  // since.
  void Look(const Part& part, std::vector<char>* found) {
    const int directory = directories_.Get(part.directory);
    if (directory < 0) return;
    for (const size_t* child = part.begin; child != part.end; ++child) {
      const FileDescriptor fd =
          OpenBeneath(directory, table_.inodes[*child].name, O_PATH);
      const size_t changed_before = changed_;
      (*found)[*child] = fd.valid() && Examine(*child, fd.get()).ok() &&
                                 changed_ == changed_before
                             ? 1
                             : 0;
    }
  }

  void AddTo(Refound* refound) const {
    refound->inodes += inodes_;
    refound->file_handles_checked += file_handles_checked_;
    refound->changed += changed_;
  }

 private:
  absl::Status Examine(size_t index, int fd) {
    const Inode& inode = table_.inodes[index];
    const std::optional<FileFacts> facts = ReadFacts(fd);
    if (!facts.has_value()) return Failed(index, errno);
    if (inode.mode != 0 && (facts->mode & S_IFMT) != (inode.mode & S_IFMT)) {
      return absl::FailedPreconditionError(
          absl::StrCat(Name(index), " is a ", TypeName(facts->mode),
                       " here and was a ", TypeName(inode.mode),
                       " at the source; share the same tree on both hosts"));
    }
    if (options_.check_file_handles && inode.file_handle.has_value() &&
        facts->file_handle.has_value()) {
      if (*inode.file_handle != *facts->file_handle) {
        return absl::FailedPreconditionError(absl::StrCat(
            Name(index),
            " is another file than at the source: its file "
            "handle differs; it was replaced, or this is another file system"));
      }
      ++file_handles_checked_;
    }
    changed_ += inode.ctime_ns != 0 && inode.ctime_ns != facts->ctime_ns;
    ++inodes_;
    return OpenHandlesOf(index, fd, facts->mode);
  }

  absl::Status OpenHandlesOf(size_t index, int fd, uint32_t mode) {
    return handles_.Of(
        table_.inodes[index].id, [&](size_t which) -> absl::Status {
          const OpenHandle& handle = table_.open_handles[which];
          DS_RETURN_IF_ERROR(CheckOpenHandle(table_, handle, index, mode));
          FileDescriptor opened = Reopen(fd, static_cast<int>(handle.flags));
          if (!opened.valid()) {
            return ErrnoStatus(
                errno, absl::StrCat("cannot open handle ", handle.id, " of ",
                                    Name(index)));
          }
          open_files_[which] = {handle.id, std::move(opened)};
          return absl::OkStatus();
        });
  }

  std::string Name(size_t index) const {
    return absl::StrCat("inode ", table_.inodes[index].id, " (",
                        fs::Quote(PathOf(table_, index)), ")");
  }

  absl::Status Failed(size_t index, int error) const {
    return ErrnoStatus(error,
                       absl::StrCat("cannot find ", Name(index),
                                    " again beneath the shared directory"));
  }

  const InodeTable& table_;
  const HandlesByInode& handles_;
  const RefindOptions& options_;
  DirectoryCache directories_;
  std::vector<OpenFile>& open_files_;
  size_t inodes_ = 0;
  size_t file_handles_checked_ = 0;
  size_t changed_ = 0;
};

size_t ThreadsFor(size_t files, const RefindOptions& options) {
  return std::max<size_t>(
      1, std::min({options.threads, kMostThreads, files / kFilesOfAThread}));
}

// Drops the children that `keep` is false for, and then the directories without
// any.
template <typename Keep>
void KeepChildren(std::vector<DirectoryChildren>* groups, const Keep& keep) {
  for (DirectoryChildren& group : *groups) {
    group.children.erase(
        std::remove_if(group.children.begin(), group.children.end(),
                       [&keep](size_t child) { return !keep(child); }),
        group.children.end());
  }
  groups->erase(std::remove_if(groups->begin(), groups->end(),
                               [](const DirectoryChildren& group) {
                                 return group.children.empty();
                               }),
                groups->end());
}

// Whether two inodes name the same file in the same place.
bool SamePlace(const Inode& a, const Inode& b) {
  return a.parent == b.parent && a.name == b.name && a.mode == b.mode &&
         a.file_handle == b.file_handle && a.ctime_ns == b.ctime_ns;
}

// Returns which of the inodes that `ahead` has were found with all that is
// above them.
std::vector<bool> FoundAhead(const std::vector<DirectoryChildren>& groups,
                             const std::vector<char>& ahead, size_t inodes) {
  std::vector<bool> found(inodes);
  if (ahead.empty()) return found;
  found[0] = ahead[0] != 0;
  for (const DirectoryChildren& group : groups) {
    if (!found[group.directory]) continue;
    for (const size_t child : group.children) found[child] = ahead[child] != 0;
  }
  return found;
}

}  // namespace

void FilesAhead::Add(Inode inode) {
  if (table_.inodes.size() + fresh_.size() >= most_inodes_) return;
  const uint64_t id = inode.id;
  // They come in this order, mostly.
  fresh_.insert_or_assign(fresh_.end(), id, std::move(inode));
}

void FilesAhead::Replace(size_t index, const Inode& inode) {
  Inode& old = table_.inodes[index];
  if (SamePlace(old, inode)) {
    old.refcount = inode.refcount;
    old.ino = inode.ino;
    old.mount_id = inode.mount_id;
    return;
  }
  found_[index] = 0;
  old = inode;
}

void FilesAhead::Insert(std::vector<Inode> inodes) {
  size_t old = table_.inodes.size();
  size_t next = old + inodes.size();
  // Some room is left for what comes last: when the source has stopped, a new
  // place for the whole table takes as long as the rest.
  if (next > table_.inodes.capacity()) table_.inodes.reserve(next + next / 16);
  table_.inodes.resize(next);
  found_.resize(next);
  while (!inodes.empty()) {
    --next;
    if (old != 0 && table_.inodes[old - 1].id > inodes.back().id) {
      --old;
      table_.inodes[next] = std::move(table_.inodes[old]);
      found_[next] = found_[old];
      continue;
    }
    table_.inodes[next] = std::move(inodes.back());
    found_[next] = 0;
    inodes.pop_back();
  }
}

void FilesAhead::Look(const std::string& path, const RefindOptions& options) {
  std::vector<Inode> added;
  for (auto& [id, inode] : fresh_) {
    if (const std::optional<size_t> index = FindInode(table_, id)) {
      Replace(*index, inode);
    } else {
      added.push_back(std::move(inode));
    }
  }
  fresh_.clear();
  Insert(std::move(added));
  std::vector<Inode>& inodes = table_.inodes;
  if (inodes.empty() || inodes[0].id != kRootId) return;
  const absl::StatusOr<FileDescriptor> root = OpenRoot(path);
  if (!root.ok()) return;
  std::vector<DirectoryChildren> groups = DepthFirst(table_);
  const HandlesByInode no_handles(table_);
  // What is below a directory that is new here is looked for again, too.
  for (const DirectoryChildren& group : groups) {
    if (found_[group.directory] != 0) continue;
    for (const size_t child : group.children) found_[child] = 0;
  }
  KeepChildren(&groups, [this](size_t child) {
    return found_[child] == 0 &&
           fs::WrongName(table_.inodes[child].name).empty();
  });
  const std::vector<Part> parts = PartsOf(groups);
  const size_t threads = ThreadsFor(inodes.size(), options);
  std::vector<OpenFile> no_files;
  std::deque<Refinder> refinders;
  for (size_t i = 0; i < threads; ++i) {
    refinders.emplace_back(table_, no_handles, options, root->get(),
                           kOpenDirectories / threads, &no_files);
  }
  found_[0] = refinders.front().FindRoot().ok() ? 1 : 0;
  RunParts(parts.size(), threads, [&](size_t thread, size_t part) {
    refinders[thread].Look(parts[part], &found_);
    return absl::OkStatus();
  }).IgnoreError();
}

void FilesAhead::Take(const Inode& inode) {
  taken_.resize(table_.inodes.size());
  const std::optional<size_t> index = FindInode(table_, inode.id);
  // A second one of an id is for CheckTable() to refuse.
  if (!index.has_value() || taken_[*index] != 0) {
    others_.push_back(inode);
    return;
  }
  taken_[*index] = 1;
  Replace(*index, inode);
}

FilesAhead::Whole FilesAhead::Finish() {
  taken_.resize(table_.inodes.size());
  size_t kept = 0;
  for (size_t i = 0; i < taken_.size(); ++i) {
    if (taken_[i] == 0) continue;
    if (kept != i) table_.inodes[kept] = std::move(table_.inodes[i]);
    found_[kept++] = found_[i];
  }
  table_.inodes.resize(kept);
  found_.resize(kept);
  // They are in order or few: all of a state that nothing came ahead of, or
  // what is new in the last round.
  const auto by_id = [](const Inode& a, const Inode& b) { return a.id < b.id; };
  if (!std::is_sorted(others_.begin(), others_.end(), by_id)) {
    std::sort(others_.begin(), others_.end(), by_id);
  }
  if (kept == 0) {
    found_.resize(others_.size());
    return {std::move(others_), std::move(found_)};
  }
  Insert(std::move(others_));
  return {std::move(table_.inodes), std::move(found_)};
}

absl::StatusOr<Refound> Refind(const InodeTable& table, const std::string& path,
                               const RefindOptions& options,
                               const std::vector<char>& ahead) {
  DS_RETURN_IF_ERROR(CheckTable(table));
  DS_RETURN_IF_ERROR(CheckDescriptorLimit(table.open_handles.size()));
  DS_ASSIGN_OR_RETURN(const FileDescriptor root, OpenRoot(path));
  Refound refound;
  if (table.inodes.empty()) return refound;
  refound.open_files.resize(table.open_handles.size());
  const HandlesByInode handles(table);
  std::vector<DirectoryChildren> groups = DepthFirst(table);
  const std::vector<bool> found =
      FoundAhead(groups, ahead, table.inodes.size());
  KeepChildren(&groups, [&](size_t child) {
    return !found[child] || handles.Has(table.inodes[child].id);
  });
  const std::vector<Part> parts = PartsOf(groups);
  const size_t threads = ThreadsFor(table.inodes.size(), options);
  std::deque<Refinder> refinders;
  for (size_t i = 0; i < threads; ++i) {
    refinders.emplace_back(table, handles, options, root.get(),
                           kOpenDirectories / threads, &refound.open_files);
  }
  DS_RETURN_IF_ERROR(refinders.front().FindRoot());
  DS_RETURN_IF_ERROR(
      RunParts(parts.size(), threads, [&](size_t thread, size_t part) {
        return refinders[thread].Find(parts[part]);
      }));
  for (const Refinder& refinder : refinders) refinder.AddTo(&refound);
  refound.ahead = table.inodes.size() - refound.inodes;
  refound.inodes = table.inodes.size();
  return refound;
}

}  // namespace devstate::examples
