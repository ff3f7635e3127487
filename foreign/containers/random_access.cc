// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/random_access.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

class OpenFile : public RandomAccess {
 public:
  OpenFile(FileDescriptor fd, uint64_t size)
      : fd_(std::move(fd)), size_(size) {}

  uint64_t size() const override { return size_; }

  absl::Status ReadAt(uint64_t offset, char* buffer, size_t size) override {
    while (size > 0) {
      const ssize_t got =
          pread(fd_.get(), buffer, size, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        return absl::DataLossError(absl::StrFormat(
            "cannot read at 0x%x: %s", offset,
            got == 0 ? "the file has become shorter" : std::strerror(errno)));
      }
      offset += static_cast<uint64_t>(got);
      buffer += got;
      size -= static_cast<size_t>(got);
    }
    return absl::OkStatus();
  }

  uint64_t NextData(uint64_t offset) override {
    const off_t before = lseek(fd_.get(), 0, SEEK_CUR);
    const off_t data = lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
    const bool none = data < 0 && errno == ENXIO;
    lseek(fd_.get(), before, SEEK_SET);
    if (none) return size_;
    return data < 0 ? offset : std::min(size_, static_cast<uint64_t>(data));
  }

 private:
  const FileDescriptor fd_;
  const uint64_t size_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RandomAccess>> OpenRandomAccess(
    FileDescriptor fd) {
  struct stat status;
  if (fstat(fd.get(), &status) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot look at it: ", std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) {
    return absl::FailedPreconditionError(
        "a directory, not a QEMU migration file");
  }
  uint64_t size = static_cast<uint64_t>(status.st_size);
  if (S_ISBLK(status.st_mode)) {
    if (ioctl(fd.get(), BLKGETSIZE64, &size) != 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot tell its size: ", std::strerror(errno)));
    }
  } else if (!S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(
        "a QEMU migration file is read from its end and must be a regular "
        "file or a block device: store it first");
  }
  return std::unique_ptr<RandomAccess>(
      std::make_unique<OpenFile>(std::move(fd), size));
}

absl::StatusOr<size_t> RangeSource::Read(char* buffer, size_t size) {
  size = std::min<uint64_t>(size, file_.size() - offset_);
  DS_RETURN_IF_ERROR(file_.ReadAt(offset_, buffer, size));
  offset_ += size;
  return size;
}

absl::StatusOr<absl::string_view> ReadWindow::Get(uint64_t offset,
                                                  size_t size) {
  if (offset < start_ || offset - start_ > bytes_.size() ||
      bytes_.size() - (offset - start_) < size) {
    bytes_.resize(std::min<uint64_t>(kWindow, file_->size() - offset));
    start_ = offset;
    DS_RETURN_IF_ERROR(file_->ReadAt(offset, &bytes_[0], bytes_.size()));
  }
  return absl::string_view(bytes_).substr(offset - start_, size);
}

}  // namespace devstate
