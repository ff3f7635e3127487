// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A state can have more inodes than fit into memory, so only its directories
// are kept: the first pass finds out which inodes are parents, the second takes
// their names, and the third looks at the file of each inode.

#include "devstate/foreign/states/virtiofsd/tree_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "devstate/compat/finding.h"
#include "devstate/compat/rules.h"
#include "devstate/devices/fs/names.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/repeated_input.h"
#include "devstate/foreign/states/virtiofsd/portable_state.h"
#include "devstate/foreign/states/virtiofsd/table.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate::virtiofsd {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
// No path of Linux has more components.
constexpr size_t kMaxDepth = 2048;
constexpr size_t kMaxOpen = 256;
// Of a path in a finding. A deep tree would have half a MB in each.
constexpr size_t kMaxShownPath = 1024;
constexpr uint64_t kProgressStep = 1024;

absl::Status TooMany(absl::string_view what, size_t limit) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the state has more ", what, " than the limit, ", limit,
                   ": its files cannot be looked for"));
}

std::string TypeName(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "a regular file";
    case S_IFDIR:
      return "a directory";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFIFO:
      return "a FIFO";
    case S_IFSOCK:
      return "a socket";
    default:
      return "a device";
  }
}

// What one pass takes of a table.
class Pass : public TableVisitor {
 public:
  absl::Status OnHandle(const OpenHandleRow&, Offset) override {
    return absl::OkStatus();
  }
  absl::Status OnMountPath(const MountPathRow&, Offset) override {
    return absl::OkStatus();
  }
};

class ParentPass : public Pass {
 public:
  explicit ParentPass(size_t limit) : limit_(limit) {}

  absl::Status OnInode(const InodeRow& row, Offset) override {
    if (!row.path.has_value() ||
        (!parents.empty() && parents.back() == row.path->parent)) {
      return absl::OkStatus();
    }
    parents.push_back(row.path->parent);
    // Twice as many with repetitions, before they are thrown out.
    if (parents.size() > 2 * limit_) return Compact();
    return absl::OkStatus();
  }
  absl::Status OnMountPath(const MountPathRow& row, Offset) override {
    if (mount_paths.size() < kMaxMounts) {
      mount_paths.emplace(row.mount_id, std::string(row.path));
    }
    return absl::OkStatus();
  }
  absl::Status Compact() {
    std::sort(parents.begin(), parents.end());
    parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
    if (parents.size() <= limit_) return absl::OkStatus();
    return TooMany("directories", limit_);
  }

  std::vector<uint64_t> parents;
  std::map<uint64_t, std::string> mount_paths;

 private:
  const size_t limit_;
};

// The directories of a state, by the id of their inodes.
class Directories : public Pass {
 public:
  // How a directory is found.
  enum class Way : uint8_t { kNone, kRoot, kName, kFullPath, kHandle };

  struct Directory {
    // The directory that it is in; kNone if it is found in another way.
    uint32_t parent = kNone;
    // The name, the path or the handle.
    uint32_t name_size = 0;
    uint64_t name_at = 0;
    // kNone if the state does not have it, or no location.
    Way way = Way::kNone;
    // The errno of looking for it, once it was.
    uint8_t failed = 0;
  };

  Directories(std::vector<uint64_t> ids, size_t name_limit)
      : ids_(std::move(ids)),
        name_limit_(name_limit),
        directories_(ids_.size()) {}

  absl::Status OnInode(const InodeRow& row, Offset) override {
    const uint32_t index = IndexOf(row.id);
    if (index == kNone) return absl::OkStatus();
    Directory& directory = directories_[index];
    if (row.root.has_value()) {
      directory.way = Way::kRoot;
    } else if (row.path.has_value()) {
      directory.way = Way::kName;
      directory.parent = IndexOf(row.path->parent);
      return Keep(row.path->name, &directory);
    } else if (row.full_path.has_value()) {
      directory.way = Way::kFullPath;
      return Keep(*row.full_path, &directory);
    } else if (row.handle.has_value()) {
      directory.way = Way::kHandle;
      std::string bytes(kHandleHead, '\0');
      std::memcpy(bytes.data(), &row.handle->mount_id, sizeof(uint64_t));
      std::memcpy(bytes.data() + sizeof(uint64_t), &row.handle->type,
                  sizeof(int32_t));
      return Keep(absl::StrCat(bytes, row.handle->handle), &directory);
    }
    return absl::OkStatus();
  }

  uint32_t IndexOf(uint64_t id) const {
    const auto found = std::lower_bound(ids_.begin(), ids_.end(), id);
    if (found == ids_.end() || *found != id) return kNone;
    return static_cast<uint32_t>(found - ids_.begin());
  }
  Directory& at(uint32_t index) { return directories_[index]; }
  std::string NameOf(const Directory& directory) const {
    return names_.substr(directory.name_at, directory.name_size);
  }
  // Returns the handle of a directory that is found by one. Its bytes belong to
  // this object.
  FileHandleRow HandleOf(const Directory& directory) const {
    const absl::string_view bytes = absl::string_view(names_).substr(
        directory.name_at, directory.name_size);
    FileHandleRow handle;
    std::memcpy(&handle.mount_id, bytes.data(), sizeof(uint64_t));
    std::memcpy(&handle.type, bytes.data() + sizeof(uint64_t), sizeof(int32_t));
    handle.handle = bytes.substr(kHandleHead);
    return handle;
  }

 private:
  // Mount and type, which are before the bytes of a handle.
  static constexpr size_t kHandleHead = sizeof(uint64_t) + sizeof(int32_t);

  absl::Status Keep(absl::string_view name, Directory* directory) {
    if (names_.size() + name.size() > name_limit_) {
      return TooMany("bytes in the names of directories", name_limit_);
    }
    directory->name_at = names_.size();
    directory->name_size = static_cast<uint32_t>(name.size());
    names_.append(name.data(), name.size());
    return absl::OkStatus();
  }

  const std::vector<uint64_t> ids_;
  const size_t name_limit_;
  std::vector<Directory> directories_;
  std::string names_;
};

class FilePass : public Pass {
  using Way = Directories::Way;

 public:
  FilePass(int root, std::map<uint64_t, std::string> mount_paths,
           Directories* directories, FindingList* findings,
           const std::function<void(uint64_t)>& progress)
      : root_(root),
        mount_paths_(std::move(mount_paths)),
        directories_(*directories),
        findings_(*findings),
        progress_(progress) {}

  absl::Status OnInode(const InodeRow& row, Offset) override {
    if (++inodes_ % kProgressStep == 0 && progress_) progress_(inodes_);
    if (row.lost.has_value()) {
      Add(row, rules::kForeignLost, VERDICT_LEVEL_COMPATIBLE, "",
          "the source lost the file; a destination loads the state only with "
          "--migration-on-error=guest-error");
      return absl::OkStatus();
    }
    FileDescriptor opened;
    std::string name;
    int folder = -1;
    const int error = Find(row, &opened, &folder, &name);
    struct stat status = {};
    if (error != 0) {
      AddError(row, error);
    } else if (fstatat(folder, name.c_str(), &status,
                       AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0) {
      AddError(row, errno);
    } else {
      CheckType(row, status);
      if (row.verification_handle.has_value()) {
        CheckHandle(row, *row.verification_handle, folder, name);
      }
    }
    return absl::OkStatus();
  }

 private:
  // Finds the directory that an inode's file is in, and its name there, which
  // may be empty for the directory itself. Returns an errno. What was opened
  // for it is in `opened` or remembered.
  int Find(const InodeRow& row, FileDescriptor* opened, int* folder,
           std::string* name) {
    *folder = root_;
    if (row.root.has_value()) return 0;
    if (row.path.has_value()) {
      *name = std::string(row.path->name);
      // A destination refuses those, too.
      if (!fs::WrongName(*name).empty()) return ENOENT;
      return OpenDirectory(directories_.IndexOf(row.path->parent), folder);
    }
    if (row.full_path.has_value()) {
      return OpenParentOf(std::string(*row.full_path), opened, folder, name);
    }
    if (row.handle.has_value()) return OpenHandle(*row.handle, opened, folder);
    return ENOENT;
  }

  // Opens the directory that a path from the root ends in.
  int OpenParentOf(const std::string& path, FileDescriptor* opened, int* folder,
                   std::string* name) {
    if (!fs::WrongPath(path).empty()) return ENOENT;
    std::vector<std::string> parts =
        absl::StrSplit(path, '/', absl::SkipEmpty());
    *folder = root_;
    name->clear();
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] == ".") continue;
      if (i + 1 == parts.size()) {
        *name = parts[i];
        break;
      }
      FileDescriptor next(
          openat(*folder, parts[i].c_str(),
                 O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next.valid()) return errno;
      *opened = std::move(next);
      *folder = opened->get();
    }
    return 0;
  }

  // Opens directory `index` by way of its parents.
  int OpenDirectory(uint32_t index, int* fd) {
    std::vector<uint32_t> way;
    for (uint32_t at = index; true; at = directories_.at(at).parent) {
      if (at == kNone || way.size() > kMaxDepth) return Fail(way, ENOENT);
      const Directories::Directory& directory = directories_.at(at);
      if (directory.failed != 0) return Fail(way, directory.failed);
      if (directory.way == Way::kNone) return Fail(way, ENOENT);
      const bool is_root = directory.way == Way::kRoot;
      const auto open = open_.find(at);
      if (is_root || open != open_.end()) {
        *fd = is_root ? root_ : open->second.get();
        break;
      }
      way.push_back(at);
      if (directory.way != Way::kName) break;
    }
    while (!way.empty()) {
      const Directories::Directory& directory = directories_.at(way.back());
      FileDescriptor opened;
      int folder = *fd;
      std::string name;
      const int error = FindDirectory(directory, &opened, &folder, &name);
      if (error != 0) return Fail(way, error);
      FileDescriptor next(
          openat(folder, name.empty() ? "." : name.c_str(),
                 O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next.valid()) return Fail(way, errno);
      // This one stays open until it was used.
      if (open_.size() >= kMaxOpen) {
        kept_ = std::move(open_);
        open_.clear();
      }
      *fd = next.get();
      open_[way.back()] = std::move(next);
      way.pop_back();
    }
    return 0;
  }

  // Finds the directory that another is in, and its name there, as Find() does.
  // `folder` is the one of a name.
  int FindDirectory(const Directories::Directory& directory,
                    FileDescriptor* opened, int* folder, std::string* name) {
    if (directory.way == Way::kHandle) {
      return OpenHandle(directories_.HandleOf(directory), opened, folder);
    }
    *name = directories_.NameOf(directory);
    if (directory.way == Way::kFullPath) {
      return OpenParentOf(std::string(*name), opened, folder, name);
    }
    // A destination refuses those, too, and some lead out of the tree.
    return fs::WrongName(*name).empty() ? 0 : ENOENT;
  }

  int Fail(const std::vector<uint32_t>& way, int error) {
    for (const uint32_t index : way) {
      directories_.at(index).failed = static_cast<uint8_t>(error);
    }
    return error;
  }

  int OpenHandle(const FileHandleRow& handle, FileDescriptor* opened,
                 int* folder) {
    const auto path = mount_paths_.find(handle.mount_id);
    if (path == mount_paths_.end()) return ENOENT;
    FileDescriptor parent;
    std::string name;
    const int error = OpenParentOf(path->second, &parent, folder, &name);
    if (error != 0) return error;
    const FileDescriptor mount(
        openat(*folder, name.empty() ? "." : name.c_str(),
               O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!mount.valid()) return errno;
    Handle own;
    if (!own.Set(handle)) return ENOENT;
    *opened = FileDescriptor(
        open_by_handle_at(mount.get(), own.get(), O_PATH | O_CLOEXEC));
    if (!opened->valid()) return errno;
    *folder = opened->get();
    return 0;
  }

  // A file handle with room for its bytes.
  class Handle {
   public:
    Handle() { get()->handle_bytes = kMaxFileHandle; }
    bool Set(const FileHandleRow& row) {
      if (row.handle.size() > kMaxFileHandle) return false;
      get()->handle_bytes = static_cast<unsigned>(row.handle.size());
      get()->handle_type = row.type;
      std::memcpy(get()->f_handle, row.handle.data(), row.handle.size());
      return true;
    }
    file_handle* get() { return reinterpret_cast<file_handle*>(room_); }

   private:
    alignas(file_handle) char room_[sizeof(file_handle) + kMaxFileHandle] = {};
  };

  void CheckType(const InodeRow& row, const struct stat& status) {
    mode_t expected = 0;
    if (row.attributes.has_value()) expected = row.attributes->mode & S_IFMT;
    if (row.id == kRootId || directories_.IndexOf(row.id) != kNone) {
      expected = S_IFDIR;
    }
    if (expected == 0 || (status.st_mode & S_IFMT) == expected) return;
    Add(row, rules::kForeignOtherType, VERDICT_LEVEL_REFUSED,
        TypeName(status.st_mode),
        absl::StrCat("the state has ", TypeName(expected), " here"));
  }

  void CheckHandle(const InodeRow& row, const FileHandleRow& expected,
                   int folder, const std::string& name) {
    Handle found;
    int mount = 0;
    if (name_to_handle_at(folder, name.c_str(), found.get(), &mount,
                          name.empty() ? AT_EMPTY_PATH : 0) != 0) {
      AddUnchecked(row, errno);
      return;
    }
    const absl::string_view bytes(
        reinterpret_cast<const char*>(found.get()->f_handle),
        found.get()->handle_bytes);
    if (found.get()->handle_type == expected.type && bytes == expected.handle) {
      return;
    }
    Add(row, rules::kForeignOtherFile, VERDICT_LEVEL_REFUSED,
        "a file with another handle",
        "a file of this name is here, and not the one that the source had "
        "open");
  }

  void AddError(const InodeRow& row, int error) {
    switch (error) {
      case ENOENT:
      case ENOTDIR:
      case ELOOP:
      case ESTALE:
      case ENAMETOOLONG:
        Add(row, rules::kForeignNoFile, VERDICT_LEVEL_REFUSED, "nothing",
            "there is no such file beneath the directory");
        return;
      default:
        AddUnchecked(row, error);
    }
  }

  void AddUnchecked(const InodeRow& row, int error) {
    Add(row, rules::kForeignUnchecked, VERDICT_LEVEL_COMPATIBLE, "",
        absl::StrCat("could not be looked at: ", std::strerror(error)));
  }

  void Add(const InodeRow& row, const Rule& rule, VerdictLevel level,
           std::string found, std::string text) {
    findings_.Add(MakeFinding(rule, level, absl::StrCat("inode ", row.id),
                              PathOf(row), std::move(found), std::move(text)));
  }

  // The path of an inode's file, for people.
  std::string PathOf(const InodeRow& row) {
    if (row.root.has_value()) return fs::Quote(".");
    if (row.full_path.has_value()) return fs::Quote(*row.full_path);
    if (!row.path.has_value()) return "";
    std::string path(row.path->name);
    uint32_t at = directories_.IndexOf(row.path->parent);
    for (size_t depth = 0; at != kNone && depth < kMaxDepth; ++depth) {
      const Directories::Directory& directory = directories_.at(at);
      if (directory.way == Way::kRoot) break;
      if (path.size() > kMaxShownPath) {
        path.insert(0, "…/");
        break;
      }
      const bool has_name =
          directory.way == Way::kName || directory.way == Way::kFullPath;
      path = absl::StrCat(has_name ? directories_.NameOf(directory) : "?", "/",
                          path);
      at = directory.parent;
    }
    return fs::Quote(path);
  }

  const int root_;
  const std::map<uint64_t, std::string> mount_paths_;
  Directories& directories_;
  FindingList& findings_;
  const std::function<void(uint64_t)>& progress_;
  uint64_t inodes_ = 0;
  // Directories by their index, and those that were open before.
  std::unordered_map<uint32_t, FileDescriptor> open_;
  std::unordered_map<uint32_t, FileDescriptor> kept_;
};

absl::Status Read(RepeatedInput& input, TableVisitor* visitor) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, input.Open());
  Dropped dropped;
  DS_RETURN_IF_ERROR(ReadPortable(source.get(), visitor, &dropped).status());
  // The source tells at its end whether it is the same as before.
  char byte;
  return source->Read(&byte, 1).status();
}

}  // namespace

absl::StatusOr<Verdict> CheckTree(
    const OpenSource& portable, const std::string& directory,
    const std::function<void(uint64_t inodes)>& progress,
    const TreeLimits& limits) {
  const FileDescriptor root(
      open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) {
    return absl::UnavailableError(absl::StrCat(
        directory, ": cannot open the directory: ", std::strerror(errno)));
  }
  RepeatedInput input(portable);
  ParentPass parents(limits.directories);
  DS_RETURN_IF_ERROR(Read(input, &parents));
  DS_RETURN_IF_ERROR(parents.Compact());
  Directories directories(std::move(parents.parents), limits.name_bytes);
  DS_RETURN_IF_ERROR(Read(input, &directories));
  FindingList findings;
  FilePass files(root.get(), std::move(parents.mount_paths), &directories,
                 &findings, progress);
  DS_RETURN_IF_ERROR(Read(input, &files));
  Verdict verdict = findings.Take();
  // Nothing was converted.
  if (verdict.level() <= VERDICT_LEVEL_CONVERTED) {
    verdict.set_level(VERDICT_LEVEL_COMPATIBLE);
  }
  return verdict;
}

}  // namespace devstate::virtiofsd
