// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes the framing of a stream: header, chunks, trailer. Applications use the
// typed writer that is generated from their schema, which stands on this one.

#ifndef DEVSTATE_SERIALIZER_STREAM_WRITER_H_
#define DEVSTATE_SERIALIZER_STREAM_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "devstate/stream.pb.h"
#include "serializer/byte_stream.h"
#include "serializer/compression.h"
#include "serializer/internal/byte_buffer.h"
#include "serializer/internal/chunk_sealer.h"
#include "serializer/internal/sealing_queue.h"
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

  // A batch ends at this many records or this size, whichever comes first. The
  // size of a batch follows from schema and content (docs/stream_format.md,
  // "Sizes"), in bytes; what exceeds three quarters of a chunk counts for that.
  // Larger batches compress a little better and take more memory.
  // Default: 2048 records, 768 KiB.
  uint32_t max_batch_records = 2048;
  uint32_t max_batch_bytes = 768 * 1024;

  // Let a second thread compress while the caller's encodes, and helps when it
  // is ahead: pays where a core is free. It starts when 256 KiB of payload have
  // gone before, unless chunks are stored raw or smaller than 16 KiB, and ends
  // with Finish() or the writer. It has all signals blocked and calls nothing
  // of the application's. Where none can be started the caller's thread does it
  // all, as it does with false: for processes that may not have one. The bytes
  // are the same.
  bool use_second_thread = true;

  // Write every number column PLAIN, as the simplest writer would.
  bool plain_columns = false;

  Limits limits;
};

// Header fields that follow from `schema` and `options`.
StreamHeader MakeHeader(const SchemaInfo& schema, const WriterOptions& options);

// Not thread-safe. The sink is called on the caller's thread, within EndChunk()
// and Finish(). Uses memory for three chunks at most, whatever the state's
// size, with a second thread 4 MiB more; less than 16 KiB for a state of less
// than 4 KiB.
//
// After the first error every call returns it again: a stream with a gap can
// never end with a valid trailer. With a second thread an error of compression
// comes a few chunks later, at the latest from Finish().
class StreamWriter {
 public:
  // `sink` must outlive the writer.
  StreamWriter(ByteSink* sink, WriterOptions options);

  // Gives up the stream unless it is finished; waits for the chunk that a
  // second thread is compressing, never for the sink.
  ~StreamWriter() = default;

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
  // Starts the second thread if it is time; whether there is one.
  absl::StatusOr<bool> HasQueue(size_t decoded_size);
  // Seals the chunk in scratch_ on this thread.
  absl::Status SealHere(const ChunkHeader& header);
  absl::Status Flush();

  ByteSink* const sink_;
  const WriterOptions options_;
  // Complete chunks that the sink has not got yet, and the one under way.
  ByteBuffer out_;
  // The payload under way, if it may get compressed.
  ByteBuffer scratch_;
  MessageWriter payload_;
  enum class Stage { kHeader, kChunks, kFinished };
  Stage stage_ = Stage::kHeader;
  uint32_t last_field_ = 0;
  size_t chunk_start_ = 0;
  bool chunk_in_scratch_ = false;
  uint64_t bytes_written_ = 0;
  // Digest and stored bytes come in with Finish().
  StreamTrailer trailer_;
  absl::Status status_;
  ChunkSealer sealer_;
  Compressor compressor_;
  // What compressor_ made of scratch_.
  ByteBuffer frame_;
  // The second thread's; has sealer_ and compressor_ while it is there.
  std::unique_ptr<SealingQueue> queue_;
  bool may_start_thread_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STREAM_WRITER_H_
