// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_CHUNK_SEALER_H_
#define DEVSTATE_SERIALIZER_INTERNAL_CHUNK_SEALER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "serializer/compression.h"
#include "serializer/internal/byte_buffer.h"
#include "serializer/stream_format.h"

namespace devstate {

// What a writer does with a payload: chooses the codec, compresses, and puts
// the header before it. All that depends on the chunks before is in here, so
// that the bytes are the same whichever thread calls. Not thread-safe.
class ChunkSealer {
 public:
  ChunkSealer(const Compression& compression, uint32_t max_expansion)
      : compression_(compression), max_expansion_(max_expansion) {}

  void Start(uint64_t prefix_checksum) { digest_ = prefix_checksum; }

  // Appends the chunk to `out`. Type, sequence, field and records of `header`
  // are those of the chunk, which follows the one sealed before; the rest gets
  // filled in. Errors are those of Compressor; the stream cannot go on then.
  absl::Status Seal(ChunkHeader header, absl::string_view payload,
                    ByteBuffer& out);

  // The same, stored raw, for a payload that is at the end of `out` already,
  // behind kChunkHeaderSize bytes from `start` on.
  void SealInPlace(ChunkHeader header, size_t start, ByteBuffer& out);

  // Payload bytes as stored, so far.
  uint64_t stored_bytes() const { return stored_bytes_; }
  // Of the last chunk, which vouches for all before it.
  uint64_t digest() const { return digest_; }

 private:
  bool ShouldCompress(size_t size) const;
  // Appends `payload` to `out` if that makes it smaller.
  absl::StatusOr<bool> Compress(absl::string_view payload, ByteBuffer& out);
  bool ExpandsTooMuch(size_t decoded_size, size_t stored_size) const;
  void PutHeader(ChunkHeader& header, size_t start, ByteBuffer& out);

  const Compression compression_;
  const uint32_t max_expansion_;
  Compressor compressor_;
  // Chunks left to store raw without a try, and how many to skip next time.
  uint32_t skip_compression_ = 0;
  uint32_t next_skip_ = 1;
  uint64_t digest_ = 0;
  uint64_t decoded_bytes_ = 0;
  uint64_t stored_bytes_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_CHUNK_SEALER_H_
