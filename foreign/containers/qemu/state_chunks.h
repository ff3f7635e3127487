// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A back-end's state as QEMU stores it: {be32 length, bytes} again and again,
// and a length of 0 behind the last.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_QEMU_STATE_CHUNKS_H_
#define DEVSTATE_FOREIGN_CONTAINERS_QEMU_STATE_CHUNKS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/containers/qemu/random_access.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// The number in the first four bytes of `bytes`, as QEMU stores all of its.
uint32_t ReadBigEndian32(absl::string_view bytes);
// Makes `out` four bytes longer.
void AppendBigEndian32(uint32_t value, std::string* out);

// An error at `offset` of the file: INVALID_ARGUMENT, with an ErrorDetail.
absl::Status QemuFileError(uint64_t offset, absl::string_view message);

// Goes over the chunks without reading what is in them.
class StateChunkWalker {
 public:
  // The state starts at `offset`; its chunks and their end lie before `limit`,
  // which is inside the file. `file` must outlive this.
  StateChunkWalker(RandomAccess* file, uint64_t offset, uint64_t limit)
      : window_(file), position_(offset), limit_(limit) {}

  // Goes to the next chunk. False if there is none: position() is then behind
  // the end mark. INVALID_ARGUMENT where a chunk does not fit before the limit.
  absl::StatusOr<bool> Next();

  // The chunk that Next() found.
  uint64_t data_offset() const { return data_offset_; }
  uint32_t length() const { return length_; }

  uint64_t position() const { return position_; }
  // Bytes in the chunks so far.
  uint64_t bytes() const { return bytes_; }
  uint64_t chunks() const { return chunks_; }

 private:
  ReadWindow window_;
  uint64_t position_;
  const uint64_t limit_;
  uint64_t data_offset_ = 0;
  uint32_t length_ = 0;
  uint64_t bytes_ = 0;
  uint64_t chunks_ = 0;
};

// The bytes in the chunks.
class StateChunkSource : public ByteSource {
 public:
  // As StateChunkWalker's.
  StateChunkSource(RandomAccess* file, uint64_t offset, uint64_t limit)
      : file_(file), walker_(file, offset, limit) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;

 private:
  RandomAccess* const file_;
  StateChunkWalker walker_;
  // Of the walker's chunk, what was read.
  uint32_t taken_ = 0;
  bool ended_ = false;
  absl::Status failure_;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_QEMU_STATE_CHUNKS_H_
