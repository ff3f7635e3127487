// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Walks with descriptors and one component at a time, so that a tree that
// changes meanwhile cannot lead out of the shared directory. What cannot be
// read ends the walk, since a state without it would lose files in silence.

#include "examples/fs_backend/directory_walker.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/devices/fs/names.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::examples {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

class Walker {
 public:
  Walker(const std::string& path, const WalkOptions& options,
         FileDescriptor root)
      : path_(path),
        options_(options),
        root_(std::move(root)),
        directories_(walk_.table, root_.get()) {}

  absl::StatusOr<Walk> Run() && {
    DS_RETURN_IF_ERROR(AddRoot());
    while (!pending_.empty()) {
      const size_t directory = pending_.back();
      pending_.pop_back();
      DS_RETURN_IF_ERROR(WalkOne(directory));
    }
    return std::move(walk_);
  }

 private:
  absl::Status AddRoot() {
    const std::optional<FileFacts> facts = ReadFacts(directories_.Get(0));
    if (!facts.has_value()) return Unreadable(errno, 0);
    mount_id_ = facts->mount_id;
    Add(0, "", *facts);
    return absl::OkStatus();
  }

  absl::Status WalkOne(size_t directory) {
    const int fd = directories_.Get(directory);
    if (fd < 0) return Unreadable(errno, directory);
    std::vector<std::string> names;
    DS_RETURN_IF_ERROR(ReadNames(fd, directory, names));
    std::vector<size_t> below;
    for (std::string& name : names) {
      DS_RETURN_IF_ERROR(AddChild(fd, directory, std::move(name), below));
    }
    pending_.insert(pending_.end(), below.rbegin(), below.rend());
    return absl::OkStatus();
  }

  absl::Status ReadNames(int fd, size_t directory,
                         std::vector<std::string>& names) {
    const int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (readable < 0) return Unreadable(errno, directory);
    const std::unique_ptr<DIR, CloseDir> dir(fdopendir(readable));
    if (dir == nullptr) {
      const int error = errno;
      close(readable);
      return Unreadable(error, directory);
    }
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(dir.get());
      if (entry == nullptr) break;
      const absl::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (const absl::string_view wrong = fs::WrongName(name);
          !wrong.empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat("the name ", fs::Quote(name), " in ", Place(directory),
                         " ", wrong, "; rename the file"));
      }
      names.emplace_back(name);
    }
    if (errno != 0) return Unreadable(errno, directory);
    std::sort(names.begin(), names.end());
    return absl::OkStatus();
  }

  // Directories that are to be walked are added to `below`.
  absl::Status AddChild(int fd, size_t directory, std::string name,
                        std::vector<size_t>& below) {
    const FileDescriptor child(
        openat(fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!child.valid()) {
      if (errno == ENOENT) return absl::OkStatus();
      return CannotLookAt(errno, directory, name);
    }
    const std::optional<FileFacts> facts = ReadFacts(child.get());
    if (!facts.has_value()) return CannotLookAt(errno, directory, name);

    const bool is_directory = S_ISDIR(facts->mode);
    if (!is_directory && facts->links > 1 && CountAgain(*facts)) {
      return absl::OkStatus();
    }
    const size_t index = Add(directory, std::move(name), *facts);
    ++walk_.table.inodes[directory].refcount;
    if (is_directory && facts->mount_id == mount_id_) below.push_back(index);
    if (S_ISREG(facts->mode)) MaybeOpen(child.get(), index);
    return absl::OkStatus();
  }

  // Whether the file is known by another name; counts this one if so.
  bool CountAgain(const FileFacts& facts) {
    std::unordered_map<uint64_t, size_t>& known = linked_[facts.device];
    const auto [found, is_new] =
        known.emplace(facts.ino, walk_.table.inodes.size());
    if (!is_new) ++walk_.table.inodes[found->second].refcount;
    return !is_new;
  }

  size_t Add(size_t parent, std::string name, const FileFacts& facts) {
    InodeTable& table = walk_.table;
    const size_t index = table.inodes.size();
    Inode inode;
    inode.id = kRootId + index;
    inode.parent = index == 0 ? 0 : table.inodes[parent].id;
    inode.refcount = 1;
    inode.name = std::move(name);
    inode.mode = facts.mode;
    inode.ino = facts.ino;
    if (options_.change_times) inode.ctime_ns = facts.ctime_ns;
    if (facts.file_handle.has_value()) inode.mount_id = facts.mount_id;
    inode.file_handle = facts.file_handle;
    table.inodes.push_back(std::move(inode));
    table.next_inode_id = kRootId + index + 1;
    if (index == 0) pending_.push_back(index);
    return index;
  }

  void MaybeOpen(int fd, size_t index) {
    InodeTable& table = walk_.table;
    if (options_.open_every == 0 ||
        ++regular_files_ % options_.open_every != 0 ||
        table.open_handles.size() >= options_.max_open_handles) {
      return;
    }
    FileDescriptor opened = Reopen(fd, O_RDONLY);
    if (!opened.valid()) return;
    const uint64_t id = table.next_handle_id++;
    table.open_handles.push_back({id, table.inodes[index].id, O_RDONLY, {}});
    if (options_.locks) {
      // Two processes that read, one up to the end.
      table.open_handles.back().locks = {{id + 1, false, 0, 4095, 100},
                                         {id + 2, false, id, kEndOfFile, 101}};
    }
    walk_.open_files.push_back({id, std::move(opened)});
  }

  std::string Place(size_t directory) const {
    const std::string root = absl::StrCat("shared directory ", fs::Quote(path_));
    if (directory == 0) return root;
    return absl::StrCat("directory ", fs::Quote(PathOf(walk_.table, directory)),
                        " of ", root);
  }

  absl::Status Unreadable(int error, size_t directory) const {
    const absl::Status status =
        ErrnoStatus(error, absl::StrCat("cannot read ", Place(directory)));
    if (!absl::IsPermissionDenied(status)) return status;
    return absl::PermissionDeniedError(absl::StrCat(
        status.message(), "; let this user read it or share another one"));
  }

  absl::Status CannotLookAt(int error, size_t directory,
                            const std::string& name) const {
    return ErrnoStatus(error, absl::StrCat("cannot look at ", fs::Quote(name),
                                           " in ", Place(directory)));
  }

  const std::string& path_;
  const WalkOptions& options_;
  Walk walk_;
  const FileDescriptor root_;
  DirectoryCache directories_;
  uint64_t mount_id_ = 0;
  size_t regular_files_ = 0;
  // Directories still to be read, the next one last.
  std::vector<size_t> pending_;
  // Indices of files with several names, by device and inode number.
  std::unordered_map<uint64_t, std::unordered_map<uint64_t, size_t>> linked_;
};

}  // namespace

absl::StatusOr<Walk> WalkDirectory(const std::string& path,
                                   const WalkOptions& options) {
  absl::StatusOr<FileDescriptor> root = OpenRoot(path);
  DS_RETURN_IF_ERROR(root.status());
  return Walker(path, options, *std::move(root)).Run();
}

}  // namespace devstate::examples
