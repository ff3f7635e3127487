// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes the framing of a stream: header, chunks, trailer. Applications use the
// typed writer that is generated from their schema, which stands on this one.

#ifndef DEVSTATE_SERIALIZER_STREAM_WRITER_H_
#define DEVSTATE_SERIALIZER_STREAM_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "devstate/stream.pb.h"
#include "serializer/byte_stream.h"
#include "serializer/compression.h"
#include "serializer/internal/byte_buffer.h"
#include "serializer/limits.h"
#include "serializer/message_writer.h"
#include "serializer/schema_info.h"
#include "serializer/stream_format.h"

namespace devstate {

struct WriterOptions {
  // Who writes: name and version of the back-end.
  Implementation implementation;

  Compression compression = Compression::Automatic();

  // Which of several devices; free text for humans.
  std::string instance;

  // Names of the optional features that this state uses.
  std::vector<std::string> used_features;

  // Whether the header carries the schema's compressed descriptor set, so that
  // tools can show the state without knowing the schema.
  bool embed_descriptor_set = true;

  // A batch ends at this many records or bytes before compression, whichever
  // comes first. Larger batches compress a little better and take more memory.
  uint32_t max_batch_records = 2048;
  uint32_t max_batch_bytes = 192 * 1024;

  // Write every number column PLAIN, as the simplest writer would.
  bool plain_columns = false;

  Limits limits;
};

// Header fields that follow from `schema` and `options`.
StreamHeader MakeHeader(const SchemaInfo& schema, const WriterOptions& options);

// Not thread-safe. Uses memory for two chunks at most, whatever the state's
// size, and less than 16 KiB for a state of less than 4 KiB. Starts no thread.
//
// After the first error every call returns it again: a stream with a gap can
// never end with a valid trailer.
class StreamWriter {
 public:
  // `sink` must outlive the writer.
  StreamWriter(ByteSink* sink, WriterOptions options);

  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  const WriterOptions& options() const { return options_; }

  // Must come first and once. RESOURCE_EXHAUSTED if the header would be larger
  // than a reader accepts; an embedded descriptor set is left out before that.
  absl::Status WriteHeader(StreamHeader header);

  // Starts a chunk and returns where its payload, a serialized message, goes.
  // The root chunk comes first, then batches in ascending order of field.
  // The pointer is valid until EndChunk().
  MessageWriter* BeginChunk();

  // Ends the chunk. `field` and `records` are 0 unless it is a batch.
  // RESOURCE_EXHAUSTED if a reader with the same limits would refuse the
  // stream; FAILED_PRECONDITION if the chunk is not one that may come now.
  absl::Status EndChunk(ChunkType type, uint32_t field, uint32_t records);

  // Writes the trailer and hands everything to the sink. Must come last. A
  // stream without it is refused by every reader.
  absl::Status Finish();

  // Bytes handed to the sink, and payload bytes before compression, so far.
  uint64_t bytes_written() const { return bytes_written_; }
  uint64_t decoded_bytes() const { return trailer_.decoded_bytes(); }
  uint64_t records() const { return trailer_.records(); }
  uint64_t chunks() const { return trailer_.chunks(); }

 private:
  absl::Status EndChunkImpl(ChunkType type, uint32_t field, uint32_t records);
  absl::Status CheckOrder(ChunkType type, uint32_t field,
                          uint32_t records) const;
  absl::Status CheckLimits(ChunkType type, uint32_t field, uint32_t records,
                           size_t decoded_size) const;
  bool ShouldCompress(size_t size) const;
  // Compresses the payload in scratch_ behind the chunk header in out_. Returns
  // the stored size, or 0 if raw is not larger.
  absl::StatusOr<size_t> CompressPayload();
  bool ExpandsTooMuch(size_t stored_size) const;
  absl::Status Flush();

  ByteSink* const sink_;
  const WriterOptions options_;
  // Complete chunks that the sink has not got yet, and the one under way.
  ByteBuffer out_;
  // The payload under way, if it may get compressed.
  ByteBuffer scratch_;
  MessageWriter payload_;
  Compressor compressor_;
  enum class Stage { kHeader, kChunks, kFinished };
  Stage stage_ = Stage::kHeader;
  uint32_t last_field_ = 0;
  size_t chunk_start_ = 0;
  bool chunk_in_scratch_ = false;
  // Chunks left to store raw without a try, and how many to skip next time.
  uint32_t skip_compression_ = 0;
  uint32_t next_skip_ = 1;
  uint64_t previous_checksum_ = 0;
  uint64_t bytes_written_ = 0;
  StreamTrailer trailer_;
  absl::Status status_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STREAM_WRITER_H_
