// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A back-end's state as QEMU stores it: {be32 length, bytes} again and again,
// and a length of 0 after the last.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_QEMU_STATE_CHUNKS_H_
#define DEVSTATE_FOREIGN_CONTAINERS_QEMU_STATE_CHUNKS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/containers/random_access.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// Returns the number in the first four bytes of `bytes`, as QEMU stores all of
// its.
uint32_t ReadBigEndian32(absl::string_view bytes);
// Appends four bytes to `out`.
void AppendBigEndian32(uint32_t value, std::string* out);

// Returns an error at `offset` of the file: INVALID_ARGUMENT, with an
// ErrorDetail.
absl::Status QemuFileError(uint64_t offset, absl::string_view message);

// Goes over the chunks without reading their content.
class StateChunkWalker {
 public:
  // The state starts at `offset`; its chunks and their end lie before `limit`.
  // Requires: `limit` is inside the file, and `file` outlives this object.
  StateChunkWalker(RandomAccess* file, uint64_t offset, uint64_t limit)
      : window_(file), position_(offset), limit_(limit) {}

  // Goes to the next chunk. Returns false if there is none; then position() is
  // after the end mark. INVALID_ARGUMENT if a chunk does not fit before the
  // limit.
  absl::StatusOr<bool> Next();

  // Return the chunk that Next() found.
  uint64_t data_offset() const { return data_offset_; }
  uint32_t length() const { return length_; }

  uint64_t position() const { return position_; }
  // Return the bytes and the number of the chunks so far.
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

// A source of the bytes in the chunks.
class StateChunkSource : public ByteSource {
 public:
  // The arguments are those of StateChunkWalker.
  StateChunkSource(RandomAccess* file, uint64_t offset, uint64_t limit)
      : file_(file), walker_(file, offset, limit) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;

 private:
  RandomAccess* const file_;
  StateChunkWalker walker_;
  // The bytes read of the walker's chunk.
  uint32_t taken_ = 0;
  bool ended_ = false;
  absl::Status failure_;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_QEMU_STATE_CHUNKS_H_
