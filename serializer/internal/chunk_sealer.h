// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_CHUNK_SEALER_H_
#define DEVSTATE_SERIALIZER_INTERNAL_CHUNK_SEALER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/stored_chunk.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {

// Turns payloads into the chunks of a stream, in order. Chooses the codec and
// puts the header before the payload. Everything that depends on earlier chunks
// is in here, so the bytes are the same whoever compresses, and when.
// Thread-safety: none, except for Compress() and Store().
class ChunkSealer {
 public:
  ChunkSealer(const Compression& compression, uint32_t max_expansion)
      : compression_(compression), max_expansion_(max_expansion) {}

  void Start(uint64_t prefix_checksum) { digest_ = prefix_checksum; }

  // Returns whether Seal() may want the frame of a payload of `size` bytes that
  // comes `ahead` chunks after the next one. Once false it stays false.
  bool MayCompress(size_t size, size_t ahead = 0) const;

  // Makes `frame` the zstd frame of `payload`. Errors are those of Compressor.
  // Any thread may call it at any time, with a compressor of its own.
  absl::Status Compress(absl::string_view payload, Compressor& compressor,
                        ByteBuffer& frame) const;

  // Makes a chunk of `payload` for SealStored(), of this sealer or of others.
  // Type, field and records of `header` are those of the chunk. Stores the
  // frame if it is smaller and expands to no more than readers take wherever it
  // stands. Threads and errors are those of Compress().
  absl::StatusOr<StoredChunk> Store(ChunkHeader header,
                                    absl::string_view payload,
                                    Compressor& compressor) const;

  // Appends the next chunk to `out`. Type, sequence, field and records of
  // `header` are those of the chunk; the rest gets filled in. `frame` is the
  // payload's, if MayCompress() returned true.
  void Seal(ChunkHeader header, absl::string_view payload,
            absl::string_view frame, ByteBuffer& out);

  // Seals, stored raw, a payload that is at the end of `out` already, but for
  // the bytes `apart`. It follows kChunkHeaderSize bytes, which begin at
  // `start`.
  void SealInPlace(ChunkHeader header, size_t start,
                   const MessageWriter::Apart& apart, ByteBuffer& out);

  // Makes `chunk` the next chunk, with its header. Where chunks were stored
  // before, time is short: in automatic mode, those that were not are stored
  // raw as long as they are few.
  void SealStored(uint32_t sequence, StoredChunk& chunk);

  // Returns the payload bytes as stored, so far.
  uint64_t stored_bytes() const { return stored_bytes_; }
  // Returns the digest of the last chunk, which vouches for all before it.
  uint64_t digest() const { return digest_; }

 private:
  // Returns whether to store the frame. Sets how far to skip from here on.
  bool ChooseFrame(size_t payload_size, size_t frame_size);
  // Returns whether a payload is to be stored raw because time is short.
  bool IsShortOfTime(size_t size) const;
  bool ExpandsTooMuch(size_t decoded_size, size_t stored_size) const;
  void PutHeader(ChunkHeader& header, size_t start, ByteBuffer& out);
  // Writes the header of the next chunk, whose payload it has, to `out`.
  void Chain(ChunkHeader& header, char* out);

  const Compression compression_;
  const uint32_t max_expansion_;
  // The number of chunks still to store raw without a try, and how many to skip
  // next time.
  uint32_t skip_compression_ = 0;
  uint32_t next_skip_ = 1;
  uint64_t digest_ = 0;
  uint64_t decoded_bytes_ = 0;
  uint64_t stored_bytes_ = 0;
  // Of those, the bytes of chunks that were stored before, and of those that
  // came after them and were not.
  uint64_t ready_bytes_ = 0;
  uint64_t late_bytes_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_CHUNK_SEALER_H_
