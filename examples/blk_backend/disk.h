// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The file that is the guest's disk.

#ifndef DEVSTATE_EXAMPLES_BLK_BACKEND_DISK_H_
#define DEVSTATE_EXAMPLES_BLK_BACKEND_DISK_H_

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate::blk::examples {

inline constexpr uint64_t kSectorSize = 512;

// Offsets and sizes are in bytes. OUT_OF_RANGE for what does not lie within the
// disk. Thread-safety: all methods are thread-safe.
class Disk {
 public:
  // Opens a regular file. Its size, rounded down to sectors, is the disk's.
  static absl::StatusOr<std::unique_ptr<Disk>> Open(const std::string& path);

  uint64_t size() const { return size_; }

  absl::Status Read(std::vector<iovec> parts, uint64_t offset);
  absl::Status Write(std::vector<iovec> parts, uint64_t offset);
  // Makes what was written last.
  absl::Status Flush();
  // Frees a range, which then reads as zeroes.
  absl::Status Discard(uint64_t offset, uint64_t size);
  absl::Status WriteZeroes(uint64_t offset, uint64_t size, bool may_free);

 private:
  Disk(FileDescriptor file, uint64_t size)
      : file_(std::move(file)), size_(size) {}
  absl::Status CheckRange(uint64_t offset, uint64_t size) const;
  // Calls preadv() or pwritev() until all is done.
  template <typename Transfer>
  absl::Status Move(std::vector<iovec> parts, uint64_t offset,
                    Transfer transfer, const char* what);
  absl::Status Allocate(int mode, uint64_t offset, uint64_t size);

  const FileDescriptor file_;
  const uint64_t size_;
};

}  // namespace devstate::blk::examples

#endif  // DEVSTATE_EXAMPLES_BLK_BACKEND_DISK_H_
