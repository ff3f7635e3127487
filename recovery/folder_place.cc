// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Nothing in the folder is ever overwritten. So a process that is killed
// anywhere leaves the newest generation or the one before.

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/recovery/generation_place.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate {
namespace {

constexpr absl::string_view kPrefix = "state.";
constexpr absl::string_view kSuffix = ".dstate";
constexpr char kUnfinished[] = "unfinished";

std::string FileOf(uint64_t generation) {
  return absl::StrCat(kPrefix, generation, kSuffix);
}

// Returns the generation of a file of this name, 0 of any other.
uint64_t GenerationOf(absl::string_view name) {
  uint64_t generation = 0;
  if (!absl::StartsWith(name, kPrefix) || !absl::EndsWith(name, kSuffix) ||
      name.size() <= kPrefix.size() + kSuffix.size()) {
    return 0;
  }
  const absl::string_view number = name.substr(
      kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  // Another spelling of the number would be another file.
  return absl::SimpleAtoi(number, &generation) && FileOf(generation) == name
             ? generation
             : 0;
}

class FolderPlace : public GenerationPlace {
 public:
  explicit FolderPlace(std::string path) : path_(std::move(path)) {}
  ~FolderPlace() override {
    if (unfinished_) ::unlinkat(directory_.get(), kUnfinished, 0);
  }

  absl::Status Lock() {
    directory_ = FileDescriptor(TEMP_FAILURE_RETRY(
        ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    const int fd = directory_.get();
    if (fd < 0) return ErrnoStatus(errno, path_);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return ErrnoStatus(errno, path_);
      return absl::FailedPreconditionError(absl::StrCat(
          path_,
          ": another process keeps its state there: give each back-end "
          "a folder of its own"));
    }
    struct statfs status;
    if (TEMP_FAILURE_RETRY(::fstatfs(fd, &status)) != 0) {
      return ErrnoStatus(errno, path_);
    }
    survives_host_ = status.f_type != TMPFS_MAGIC;
    return RemoveUnfinished();
  }

  std::string NameOf(uint64_t generation) const override {
    return FileOf(generation);
  }
  std::string PathOf(uint64_t generation) const override {
    return absl::StrCat(path_, "/", FileOf(generation));
  }

  absl::StatusOr<std::vector<uint64_t>> List() const override {
    FileDescriptor copy(TEMP_FAILURE_RETRY(
        ::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    DIR* const directory = copy.valid() ? ::fdopendir(copy.get()) : nullptr;
    if (directory == nullptr) return ErrnoStatus(errno, path_);
    copy.Release();
    std::vector<uint64_t> generations;
    // A folder of which a part was read would look like an older one.
    errno = 0;
    while (const dirent* entry = ::readdir(directory)) {
      const uint64_t generation = GenerationOf(entry->d_name);
      if (generation != 0) generations.push_back(generation);
      errno = 0;
    }
    const int error = errno;
    ::closedir(directory);
    if (error != 0) return ErrnoStatus(error, path_);
    std::sort(generations.begin(), generations.end());
    return generations;
  }

  absl::StatusOr<FileDescriptor> Open(uint64_t generation) const override {
    FileDescriptor fd(TEMP_FAILURE_RETRY(
        ::openat(directory_.get(), FileOf(generation).c_str(),
                 O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)));
    if (!fd.valid()) return ErrnoStatus(errno, "cannot open it");
    return fd;
  }

  absl::StatusOr<FileDescriptor> Create() override {
    DS_RETURN_IF_ERROR(RemoveUnfinished());
    FileDescriptor fd(TEMP_FAILURE_RETRY(
        ::openat(directory_.get(), kUnfinished,
                 O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)));
    if (!fd.valid()) return ErrnoStatus(errno, UnfinishedPath());
    unfinished_ = true;
    return fd;
  }

  absl::Status Publish(uint64_t generation, int fd, bool) override {
    DS_RETURN_IF_ERROR(Sync(fd));
    const int directory = directory_.get();
    if (::renameat(directory, kUnfinished, directory,
                   FileOf(generation).c_str()) != 0) {
      return ErrnoStatus(errno, PathOf(generation));
    }
    unfinished_ = false;
    return Sync(directory);
  }

  absl::Status Remove(uint64_t generation) override {
    // An old file more does no harm, and the next call tries again.
    ::unlinkat(directory_.get(), FileOf(generation).c_str(), 0);
    return absl::OkStatus();
  }

 private:
  std::string UnfinishedPath() const {
    return absl::StrCat(path_, "/", kUnfinished);
  }

  absl::Status RemoveUnfinished() {
    if (::unlinkat(directory_.get(), kUnfinished, 0) != 0 && errno != ENOENT) {
      return ErrnoStatus(errno, UnfinishedPath());
    }
    unfinished_ = false;
    return absl::OkStatus();
  }

  absl::Status Sync(int fd) const {
    if (!survives_host_ || TEMP_FAILURE_RETRY(::fsync(fd)) == 0) {
      return absl::OkStatus();
    }
    return ErrnoStatus(errno, path_);
  }

  const std::string path_;
  FileDescriptor directory_;
  bool survives_host_ = false;
  bool unfinished_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GenerationPlace>> OpenFolder(std::string path) {
  auto folder = std::make_unique<FolderPlace>(std::move(path));
  DS_RETURN_IF_ERROR(folder->Lock());
  return folder;
}

}  // namespace devstate
