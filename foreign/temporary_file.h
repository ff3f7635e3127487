// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_TEMPORARY_FILE_H_
#define DEVSTATE_FOREIGN_TEMPORARY_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// A file without a name in $TMPDIR (or /tmp), for bytes that are read more than
// once and would not fit into memory. It vanishes with the object. Errors are
// UNAVAILABLE, with the reason and the remedy. Thread-safety: none.
class TemporaryFile : public ByteSink {
 public:
  static absl::StatusOr<std::unique_ptr<TemporaryFile>> Create();

  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  // Writes at the end.
  absl::Status Write(absl::string_view bytes) override;
  // Returns a source of all that was written so far, from its start. Requires:
  // the file outlives the source.
  std::shared_ptr<ByteSource> Open() const;
  uint64_t size() const { return size_; }
  // Gives back the room of the bytes from `begin` to `end`, which read as zeros
  // then.
  absl::Status Forget(uint64_t begin, uint64_t end);
  // Reads at most `size` bytes from `offset` on. Returns 0 at the end.
  absl::StatusOr<size_t> ReadAt(uint64_t offset, char* buffer,
                                size_t size) const;

 private:
  explicit TemporaryFile(FileDescriptor fd) : fd_(std::move(fd)) {}

  const FileDescriptor fd_;
  uint64_t size_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_TEMPORARY_FILE_H_
