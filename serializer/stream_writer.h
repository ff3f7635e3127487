// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes the framing of a stream: header, chunks, trailer. Applications use the
// typed writer that is generated from their schema and is built on this one.

#ifndef DEVSTATE_SERIALIZER_STREAM_WRITER_H_
#define DEVSTATE_SERIALIZER_STREAM_WRITER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/chunk_order.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/internal/channel_choice.h"
#include "devstate/serializer/internal/chunk_sealer.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/serializer/writer_options.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {

class SealingQueue;
struct StoredChunk;

// Returns the header fields that follow from `schema` and `options`.
StreamHeader MakeHeader(const SchemaInfo& schema, const WriterOptions& options);

// Writes one stream. The sink is called on the caller's thread, within
// EndChunk() and Finish().
//
// Uses memory for three chunks at most, whatever the state's size. A second
// thread takes 4 MiB more. A state of less than 4 KiB takes less than 16 KiB.
//
// After the first error every call returns it again, because a stream with a
// gap can never end with a valid trailer. With a second thread an error of
// compression comes a few chunks later, at the latest from Finish().
//
// Thread-safety: none.
class StreamWriter {
 public:
  // Requires: `sink` outlives the writer.
  StreamWriter(ByteSink* sink, WriterOptions options);

  // Gives up the stream unless it is finished. Waits for the chunk that a
  // second thread is compressing, never for the sink.
  ~StreamWriter();

  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  const WriterOptions& options() const { return options_; }

  // Writes the header. An embedded descriptor set is left out if the header
  // would be larger than a reader accepts. If it still is, RESOURCE_EXHAUSTED.
  //
  // Requires: the first call, once.
  absl::Status WriteHeader(StreamHeader header);

  // Starts a chunk and returns the writer of its payload, a serialized message.
  // The pointer is valid until EndChunk(). The root chunk comes first, then
  // batches in ascending order of field, or all of it round by round.
  MessageWriter* BeginChunk();

  // Ends the chunk. `field` and `records` are those of a ChunkHeader. After the
  // end of a round the sink has all of it.
  //
  // Errors: RESOURCE_EXHAUSTED (a reader with the same limits would refuse the
  // stream), FAILED_PRECONDITION (the chunk may not come now).
  absl::Status EndChunk(ChunkType type, uint32_t field, uint32_t records);

  // Adds a chunk that was stored before, in place of BeginChunk() and
  // EndChunk(). Its place in this stream is written into it. From here on no
  // second thread starts, because most of the work is done. Errors are those of
  // EndChunk().
  absl::Status AddStored(StoredChunk& chunk);

  // Writes the trailer and hands everything to the sink. Every reader refuses a
  // stream without it. Requires: the last call.
  absl::Status Finish();

  // Return the bytes handed to the sink, and the payload bytes before
  // compression, so far.
  uint64_t bytes_written() const { return bytes_written_; }
  uint64_t decoded_bytes() const { return trailer_.decoded_bytes; }
  uint64_t records() const { return trailer_.records; }
  uint64_t chunks() const { return trailer_.chunks; }
  // Returns how many of the chunks were stored before.
  uint64_t stored_chunks() const { return stored_chunks_; }

 private:
  absl::Status EndChunkImpl(ChunkType type, uint32_t field, uint32_t records);
  absl::Status AddStoredImpl(StoredChunk& chunk);
  // Goes on to the next chunk.
  void Count(const ChunkHeader& header, size_t decoded_size);
  absl::Status CheckOrder(ChunkType type, uint32_t field,
                          uint32_t records) const;
  // Hands all chunks so far to the sink.
  absl::Status Drain();
  absl::Status CheckLimits(ChunkType type, uint32_t field, uint32_t records,
                           size_t decoded_size) const;
  // Returns whether the next chunk may be compressed.
  bool MayCompressNext();
  // Starts the second thread if it is time. Returns whether there is one.
  absl::StatusOr<bool> HasQueue(size_t decoded_size);
  // Seals the chunk in scratch_ on this thread.
  absl::Status SealHere(const ChunkHeader& header);
  absl::Status Flush();
  // Hands `bytes` to the sink.
  absl::Status WriteOut(absl::string_view bytes);
  // The same, with the bytes of the last chunk that out_ does not have.
  absl::Status FlushAround(const MessageWriter::Apart& apart);

  ByteSink* const sink_;
  const WriterOptions options_;
  // The complete chunks that the sink has not got yet, and the current one.
  ByteBuffer out_;
  // The payload of the current chunk, if it may get compressed.
  ByteBuffer scratch_;
  MessageWriter payload_;
  enum class Stage { kHeader, kChunks, kFinished };
  Stage stage_ = Stage::kHeader;
  ChunkOrder order_;
  size_t chunk_start_ = 0;
  bool chunk_in_scratch_ = false;
  uint64_t bytes_written_ = 0;
  uint64_t stored_chunks_ = 0;
  // The trailer so far. Digest and stored bytes are set by Finish().
  StreamTrailer trailer_;
  absl::Status status_;
  ChunkSealer sealer_;
  Compressor compressor_;
  ChannelChoice choice_;
  // How long the calls of the sink have taken.
  std::chrono::steady_clock::duration writing_{};
  // The frame that compressor_ made of scratch_.
  ByteBuffer frame_;
  // The queue of the second thread. It holds sealer_ and compressor_ while it
  // exists.
  std::unique_ptr<SealingQueue> queue_;
  bool may_start_thread_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STREAM_WRITER_H_
