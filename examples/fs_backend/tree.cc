// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/devices/fs/names.h"

namespace devstate::examples {
namespace {

// Fills in the handle and the mount. Many file systems have no handles: then
// both stay as they are.
void ReadHandle(int fd, FileFacts& facts) {
  alignas(struct file_handle) char
      buffer[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  auto* handle = reinterpret_cast<struct file_handle*>(buffer);
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount_id = 0;
  if (name_to_handle_at(fd, "", handle, &mount_id, AT_EMPTY_PATH) != 0) return;
  facts.mount_id = static_cast<uint64_t>(mount_id);
  facts.file_handle =
      FileHandle{handle->handle_type,
                 std::string(reinterpret_cast<const char*>(handle->f_handle),
                             handle->handle_bytes)};
}

}  // namespace

std::optional<FileFacts> ReadFacts(int fd) {
  struct statx stat;
  if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
            STATX_BASIC_STATS | STATX_MNT_ID, &stat) != 0) {
    return std::nullopt;
  }
  FileFacts facts;
  facts.mode = stat.stx_mode;
  facts.device = makedev(stat.stx_dev_major, stat.stx_dev_minor);
  facts.ino = stat.stx_ino;
  facts.ctime_ns =
      stat.stx_ctime.tv_sec * int64_t{1000000000} + stat.stx_ctime.tv_nsec;
  facts.links = stat.stx_nlink;
  if (stat.stx_mask & STATX_MNT_ID) facts.mount_id = stat.stx_mnt_id;
  ReadHandle(fd, facts);
  return facts;
}

absl::StatusOr<FileDescriptor> OpenRoot(const std::string& path) {
  FileDescriptor fd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid()) return fd;
  const int error = errno;
  const std::string what = absl::StrCat("shared directory ", fs::Quote(path));
  if (error == ENOENT) {
    return absl::NotFoundError(absl::StrCat(
        what, " does not exist; create it or give another directory"));
  }
  if (error == ENOTDIR) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, " is not a directory; give a directory"));
  }
  return ErrnoStatus(error, absl::StrCat("cannot open ", what));
}

FileDescriptor OpenBeneath(int directory, const std::string& name, int flags) {
  struct open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_NOFOLLOW | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd =
        syscall(SYS_openat2, directory, name.c_str(), &how, sizeof(how));
    // EAGAIN: somebody renamed a directory just now, and the kernel could not
    // tell whether the path stayed beneath.
    if (fd >= 0 || attempt == 100 || (errno != EAGAIN && errno != EINTR)) {
      return FileDescriptor(static_cast<int>(fd));
    }
  }
}

FileDescriptor Reopen(int fd, int flags) {
  return FileDescriptor(open(absl::StrCat("/proc/self/fd/", fd).c_str(),
                             (flags & O_ACCMODE) | O_CLOEXEC | O_NOCTTY));
}

int DirectoryCache::Cached(size_t index) {
  if (index == 0) return root_;
  const auto found = by_index_.find(index);
  if (found == by_index_.end()) return -1;
  recent_.splice(recent_.begin(), recent_, found->second);
  return found->second->fd.get();
}

int DirectoryCache::Get(size_t index) {
  // Up to the nearest ancestor that is open, then down again one by one.
  std::vector<size_t> missing;
  int fd = -1;
  while ((fd = Cached(index)) < 0) {
    missing.push_back(index);
    index = *FindInode(table_, table_.inodes[index].parent);
  }
  while (!missing.empty()) {
    const size_t next = missing.back();
    missing.pop_back();
    FileDescriptor opened =
        OpenBeneath(fd, table_.inodes[next].name, O_PATH | O_DIRECTORY);
    if (!opened.valid()) return -1;
    fd = opened.get();
    recent_.push_front({next, std::move(opened)});
    by_index_[next] = recent_.begin();
    while (recent_.size() > std::max<size_t>(capacity_, 1)) {
      by_index_.erase(recent_.back().index);
      recent_.pop_back();
    }
  }
  return fd;
}

absl::Status ErrnoStatus(int error, const std::string& what) {
  const std::string text = absl::StrCat(what, ": ", strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(text);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::ResourceExhaustedError(text);
    case ELOOP:
    case EXDEV:
    case ENOTDIR:
      return absl::FailedPreconditionError(text);
    case ENOSYS:
      return absl::UnimplementedError(text);
    default:
      return absl::UnavailableError(text);
  }
}

}  // namespace devstate::examples
