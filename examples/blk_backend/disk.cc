// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/blk_backend/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate::blk::examples {

absl::StatusOr<std::unique_ptr<Disk>> Disk::Open(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  struct stat status;
  if (!file.valid() || ::fstat(file.get(), &status) != 0) {
    return ErrnoStatus(errno, path);
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": the disk must be a regular file"));
  }
  const uint64_t size =
      static_cast<uint64_t>(status.st_size) / kSectorSize * kSectorSize;
  return std::unique_ptr<Disk>(new Disk(std::move(file), size));
}

absl::Status Disk::CheckRange(uint64_t offset, uint64_t size) const {
  if (offset <= size_ && size <= size_ - offset) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat(size, " bytes from ", offset, " on a disk of ", size_));
}

template <typename Transfer>
absl::Status Disk::Move(std::vector<iovec> parts, uint64_t offset,
                        Transfer transfer, const char* what) {
  uint64_t size = 0;
  for (const iovec& part : parts) size += part.iov_len;
  DS_RETURN_IF_ERROR(CheckRange(offset, size));
  size_t next = 0;
  while (next < parts.size()) {
    const int count =
        static_cast<int>(std::min<size_t>(parts.size() - next, IOV_MAX));
    const ssize_t moved =
        transfer(file_.get(), &parts[next], count, static_cast<off_t>(offset));
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return ErrnoStatus(errno, what);
    if (moved == 0) {
      return absl::DataLossError(
          absl::StrCat(what, ": the file ended at ", offset));
    }
    offset += static_cast<uint64_t>(moved);
    size_t left = static_cast<size_t>(moved);
    while (next < parts.size() && left >= parts[next].iov_len) {
      left -= parts[next++].iov_len;
    }
    if (left > 0) {
      parts[next].iov_base = static_cast<char*>(parts[next].iov_base) + left;
      parts[next].iov_len -= left;
    }
  }
  return absl::OkStatus();
}

absl::Status Disk::Read(std::vector<iovec> parts, uint64_t offset) {
  return Move(std::move(parts), offset, ::preadv, "read");
}

absl::Status Disk::Write(std::vector<iovec> parts, uint64_t offset) {
  return Move(std::move(parts), offset, ::pwritev, "write");
}

absl::Status Disk::Flush() {
  return ::fdatasync(file_.get()) == 0 ? absl::OkStatus()
                                       : ErrnoStatus(errno, "flush");
}

absl::Status Disk::Allocate(int mode, uint64_t offset, uint64_t size) {
  DS_RETURN_IF_ERROR(CheckRange(offset, size));
  if (size == 0) return absl::OkStatus();
  if (::fallocate(file_.get(), mode | FALLOC_FL_KEEP_SIZE,
                  static_cast<off_t>(offset), static_cast<off_t>(size)) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, "fallocate");
}

absl::Status Disk::Discard(uint64_t offset, uint64_t size) {
  return Allocate(FALLOC_FL_PUNCH_HOLE, offset, size);
}

absl::Status Disk::WriteZeroes(uint64_t offset, uint64_t size, bool may_free) {
  if (may_free) return Discard(offset, size);
  DS_RETURN_IF_ERROR(CheckRange(offset, size));
  const std::vector<char> zeroes(std::min<uint64_t>(size, 1 << 20));
  while (size > 0) {
    const uint64_t piece = std::min<uint64_t>(size, zeroes.size());
    DS_RETURN_IF_ERROR(
        Write({{const_cast<char*>(zeroes.data()), piece}}, offset));
    offset += piece;
    size -= piece;
  }
  return absl::OkStatus();
}

}  // namespace devstate::blk::examples
