// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads the framing of a stream and verifies it. Applications use the typed
// reader that is generated from their schema, which stands on this one.

#ifndef DEVSTATE_SERIALIZER_STREAM_READER_H_
#define DEVSTATE_SERIALIZER_STREAM_READER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/chunk.h"
#include "devstate/serializer/chunk_order.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/rounds.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {

// Not thread-safe. Uses memory for two chunks at most. Starts no thread.
//
// Errors carry an ErrorDetail (stream_error.h) with the offset; see there for
// the codes. After an error every call returns it again, but for that of a
// PushSource which has nothing now (push_source.h): the call may be repeated.
class StreamReader {
 public:
  // `source` must outlive the reader.
  explicit StreamReader(ByteSource* source, const Limits& limits = Limits(),
                        Rounds rounds = Rounds::kRefuse);

  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  const Limits& limits() const { return limits_; }

  // Must come first and succeed once. The header is valid as long as the
  // reader.
  absl::StatusOr<const StreamHeader*> ReadHeader();

  // The next chunk, root chunk first, batches in ascending order of field, or
  // round by round. Its checksums hold, its payload is decompressed. None after
  // the trailer, and only after the trailer was verified and the source has
  // ended: then, and not before, the state is complete.
  absl::StatusOr<absl::optional<Chunk>> NextChunk();

  // The whole header of the chunk that NextChunk() returned last.
  const ChunkHeader& chunk_header() const { return chunk_header_; }
  // The checksum with which its own was seeded.
  uint64_t chain_before() const { return chain_before_; }

  // Bytes consumed so far; records and payload bytes of the chunks so far.
  uint64_t offset() const { return offset_; }
  uint64_t chunks() const { return seen_.chunks; }
  uint64_t records() const { return seen_.records; }
  uint64_t decoded_bytes() const { return seen_.decoded_bytes; }
  uint64_t stored_bytes() const { return seen_.stored_bytes; }
  // The counts of each round so far; empty without rounds.
  const std::vector<RoundCounts>& rounds() const { return order_.rounds(); }

 private:
  // What is read next. A call that did not get all of it is taken up here.
  enum class Stage {
    kPrefix,
    kHeader,
    kChunkHeader,
    kPayload,
    kEnd,
    kFinished,
  };

  absl::Status ReadHeaderImpl();
  absl::StatusOr<absl::optional<Chunk>> NextChunkImpl();
  // Each reads and checks what its stage says, and goes on to the next.
  absl::Status ReadPrefix();
  absl::Status ReadStreamHeader();
  absl::Status ReadChunkHeader();
  absl::StatusOr<absl::string_view> ReadPayload();
  absl::Status ReadEnd();
  absl::Status CheckChunkHeader(const ChunkHeader& header) const;
  absl::Status CheckLimits(const ChunkHeader& header) const;
  absl::Status CheckOrder(const ChunkHeader& header) const;
  void Count(const ChunkHeader& header);
  absl::Status CheckTrailer(absl::string_view message);
  // Makes `size` bytes available and returns them; `what` is for the message of
  // the NO_TRAILER error. The view is valid until the next call.
  absl::StatusOr<absl::string_view> Take(size_t size, absl::string_view what);
  absl::Status Error(ErrorReason reason, absl::string_view message) const;
  // Returns `status`, and keeps it if it is an error that stays.
  absl::Status Keep(absl::Status status);

  ByteSource* const source_;
  const Limits limits_;
  const Rounds rounds_;
  // Bytes read from the source and not consumed: [begin_, buffer_.size()).
  ByteBuffer buffer_;
  size_t begin_ = 0;
  ByteBuffer decoded_;
  Decompressor decompressor_;
  Stage stage_ = Stage::kPrefix;
  StreamPrefix prefix_;
  StreamHeader header_;
  ChunkHeader chunk_header_;
  // What the trailer must say.
  StreamTrailer seen_;
  uint64_t previous_checksum_ = 0;
  uint64_t chain_before_ = 0;
  uint64_t offset_ = 0;
  // Where the header or chunk under way starts.
  uint64_t item_offset_ = 0;
  ChunkOrder order_;
  absl::Status status_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STREAM_READER_H_
