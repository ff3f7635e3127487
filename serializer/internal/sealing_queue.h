// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_SEALING_QUEUE_H_
#define DEVSTATE_SERIALIZER_INTERNAL_SEALING_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/internal/chunk_sealer.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/third_party/pthread/background_thread.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {

// Chunks on their way from a writer, the owner, to its sink. A thread of the
// queue's own, with all signals blocked, compresses them while the owner
// encodes the next ones. When the thread falls behind, the owner helps instead
// of waiting, so that no core is idle. Thread-safety: the owner's thread calls
// all methods.
class SealingQueue {
 public:
  // Starts a queue. Sealed chunks come out when they are at least `min_output`
  // bytes together. `compressor` is for the owner's help. Returns null if no
  // thread can be started.
  //
  // Requires: `sealer` and `compressor` outlive the object, and nobody else
  // uses them while it lives.
  static std::unique_ptr<SealingQueue> Start(ChunkSealer* sealer,
                                             Compressor* compressor,
                                             size_t min_output);
  // Waits for the chunk that is being compressed, and drops all later ones.
  ~SealingQueue();

  SealingQueue(const SealingQueue&) = delete;
  SealingQueue& operator=(const SealingQueue&) = delete;

  // Takes the content of `payload` as the next chunk, with the header `header`,
  // and puts what is sealed by now into `out`. Compresses first if too much
  // waits already. Errors are the sealer's, for an earlier chunk. The stream
  // cannot go on then.
  //
  // Requires: `out` is empty.
  absl::Status Add(const ChunkHeader& header, ByteBuffer& payload,
                   ByteBuffer& out);

  // Compresses, or waits for, all chunks and puts those that Add() has not
  // returned into `out`. Requires: `out` is empty.
  absl::Status Finish(ByteBuffer& out);

 private:
  struct Job {
    ChunkHeader header;
    ByteBuffer payload;
    ByteBuffer frame;
    bool done = false;
    absl::Status status;
  };

  SealingQueue(ChunkSealer* sealer, Compressor* compressor, size_t min_output)
      : sealer_(*sealer),
        owners_compressor_(*compressor),
        min_output_(min_output) {}
  void Run();
  void Join();
  // Compresses the first chunk that nobody has taken, with `lock` released
  // meanwhile. Requires: `lock` is held, and there is such a chunk.
  void CompressOne(std::unique_lock<std::mutex>& lock, Compressor& compressor);
  // Seals what is compressed, as far as the first chunk that is not.
  void SealDone();
  // Does the owner's part: helps, or waits for the thread, until at most
  // `waiting_bytes` wait.
  absl::Status WorkOff(std::unique_lock<std::mutex>& lock,
                       size_t waiting_bytes);

  ChunkSealer& sealer_;
  Compressor& owners_compressor_;
  const size_t min_output_;
  BackgroundThread thread_;

  std::mutex mutex_;
  // Signals the thread that there is a chunk to take.
  std::condition_variable added_;
  // Signals the owner that the thread has sealed something, or has an error.
  std::condition_variable sealed_;
  // The chunks in the order of the stream. The first taken_ are being
  // compressed or done.
  std::deque<Job> jobs_;
  size_t taken_ = 0;
  // The bytes of the chunks in jobs_ before compression.
  size_t waiting_bytes_ = 0;
  // The sealed jobs, kept for their memory, the last used first.
  std::vector<Job> free_;
  // The sealed chunks for the owner to take, and those that are too few yet.
  ByteBuffer ready_;
  ByteBuffer collected_;
  // The first error. After it nothing is compressed or sealed any more.
  absl::Status status_;
  bool quit_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_SEALING_QUEUE_H_
