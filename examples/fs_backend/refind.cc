// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/refind.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/devices/fs/names.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/fs_backend/type_name.h"
#include "examples/fs_backend/tree.h"

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

class Refinder {
 public:
  Refinder(const InodeTable& table, const RefindOptions& options,
           FileDescriptor root)
      : table_(table),
        options_(options),
        directories_(table, std::move(root)),
        by_inode_(table.open_handles.size()) {
    std::iota(by_inode_.begin(), by_inode_.end(), size_t{0});
    std::stable_sort(
        by_inode_.begin(), by_inode_.end(), [&table](size_t a, size_t b) {
          return table.open_handles[a].inode < table.open_handles[b].inode;
        });
    refound_.open_files.resize(table.open_handles.size());
  }

  absl::StatusOr<Refound> Run() && {
    if (table_.inodes.empty()) return std::move(refound_);
    DS_RETURN_IF_ERROR(Examine(0, directories_.Get(0)));
    for (const DirectoryChildren& group : DepthFirst(table_)) {
      const int directory = directories_.Get(group.directory);
      if (directory < 0) return Failed(group.directory, errno);
      for (const size_t child : group.children) {
        const FileDescriptor fd =
            OpenBeneath(directory, table_.inodes[child].name, O_PATH);
        if (!fd.valid()) return Failed(child, errno);
        DS_RETURN_IF_ERROR(Examine(child, fd.get()));
      }
    }
    return std::move(refound_);
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
      ++refound_.file_handles_checked;
    }
    refound_.changed +=
        inode.ctime_ns != 0 && inode.ctime_ns != facts->ctime_ns;
    ++refound_.inodes;
    return OpenHandlesOf(index, fd, facts->mode);
  }

  absl::Status OpenHandlesOf(size_t index, int fd, uint32_t mode) {
    const uint64_t id = table_.inodes[index].id;
    auto next =
        std::lower_bound(by_inode_.begin(), by_inode_.end(), id,
                         [this](size_t handle, uint64_t wanted) {
                           return table_.open_handles[handle].inode < wanted;
                         });
    for (; next != by_inode_.end() && table_.open_handles[*next].inode == id;
         ++next) {
      const OpenHandle& handle = table_.open_handles[*next];
      DS_RETURN_IF_ERROR(CheckOpenHandle(table_, handle, index, mode));
      FileDescriptor opened = Reopen(fd, static_cast<int>(handle.flags));
      if (!opened.valid()) {
        return ErrnoStatus(errno, absl::StrCat("cannot open handle ", handle.id,
                                               " of ", Name(index)));
      }
      refound_.open_files[*next] = {handle.id, std::move(opened)};
    }
    return absl::OkStatus();
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
  const RefindOptions& options_;
  DirectoryCache directories_;
  // Indices of the open handles, in the order of their inodes.
  std::vector<size_t> by_inode_;
  Refound refound_;
};

}  // namespace

absl::StatusOr<Refound> Refind(const InodeTable& table, const std::string& path,
                               const RefindOptions& options) {
  DS_RETURN_IF_ERROR(CheckTable(table));
  DS_RETURN_IF_ERROR(CheckDescriptorLimit(table.open_handles.size()));
  absl::StatusOr<FileDescriptor> root = OpenRoot(path);
  DS_RETURN_IF_ERROR(root.status());
  return Refinder(table, options, *std::move(root)).Run();
}

}  // namespace devstate::examples
