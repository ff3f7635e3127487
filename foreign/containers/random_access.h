// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes that can be read at any place, because the parts of a QEMU migration
// file are found from its end.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_RANDOM_ACCESS_H_
#define DEVSTATE_FOREIGN_CONTAINERS_RANDOM_ACCESS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// A file of bytes. Thread-safety: none.
class RandomAccess {
 public:
  virtual ~RandomAccess() = default;

  // Returns the size in bytes, the same at every call.
  virtual uint64_t size() const = 0;

  // Reads `size` bytes at `offset`. Requires: all of them are inside size().
  //
  // Errors: DATA_LOSS (the file has become shorter, the medium failed).
  virtual absl::Status ReadAt(uint64_t offset, char* buffer, size_t size) = 0;

  // Returns where the first byte at or after `offset` may be that is not zero;
  // size() if there is none. Whatever is not known to be zero may be.
  virtual uint64_t NextData(uint64_t offset) { return offset; }
};

// Opens the whole of a regular file or block device, whatever its file offset
// is, which stays. FAILED_PRECONDITION for anything else: pipe, directory, …
absl::StatusOr<std::unique_ptr<RandomAccess>> OpenRandomAccess(
    FileDescriptor fd);

// The bytes of a file from `offset` on, in order.
class RangeSource : public ByteSource {
 public:
  // Requires: `file` outlives this object, and `offset` is inside it.
  RangeSource(RandomAccess* file, uint64_t offset)
      : file_(*file), offset_(offset) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;

 private:
  RandomAccess& file_;
  uint64_t offset_;
};

// Serves many small reads that mostly go forward, in few calls of ReadAt().
class ReadWindow {
 public:
  // Requires: `file` outlives this object.
  explicit ReadWindow(RandomAccess* file) : file_(file) {}

  // Returns `size` bytes at `offset`, valid until the next call. Requires: they
  // are inside the file, and `size` is at most kWindow.
  absl::StatusOr<absl::string_view> Get(uint64_t offset, size_t size);

  static constexpr size_t kWindow = 4096;

 private:
  RandomAccess* file_;
  uint64_t start_ = 0;
  std::string bytes_;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_RANDOM_ACCESS_H_
