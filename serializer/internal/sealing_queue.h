// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_SEALING_QUEUE_H_
#define DEVSTATE_SERIALIZER_INTERNAL_SEALING_QUEUE_H_

#include <pthread.h>

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
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {

// Chunks on their way from a writer, the owner, to its sink. A thread of the
// queue's own, with all signals blocked, compresses them while the owner
// encodes the next ones; when it falls behind, the owner helps instead of
// waiting, so that no core is left idle. All methods are for one thread, the
// owner's.
class SealingQueue {
 public:
  // Sealed chunks come out when they are at least `min_output` bytes together.
  // `sealer`, and `compressor`, which is for the owner's help, must outlive the
  // object and be left alone as long as it lives. Null if there is no thread to
  // be had.
  static std::unique_ptr<SealingQueue> Start(ChunkSealer* sealer,
                                             Compressor* compressor,
                                             size_t min_output);
  // Waits for the chunk that is being compressed, and drops what comes after.
  ~SealingQueue();

  SealingQueue(const SealingQueue&) = delete;
  SealingQueue& operator=(const SealingQueue&) = delete;

  // Takes the content of `payload` as the next chunk, which `header` is about,
  // and puts what is sealed by now into `out`, which must be empty. Compresses
  // first if too much waits already. Errors are the sealer's, for a chunk
  // before; the stream cannot go on then.
  absl::Status Add(const ChunkHeader& header, ByteBuffer& payload,
                   ByteBuffer& out);

  // Compresses, or waits for, all chunks and puts what was not handed out into
  // `out`, which must be empty.
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
  static void* ThreadMain(void* self);
  void Run();
  void Join();
  // Compresses the first chunk that nobody has taken, with `lock`, which must
  // be held, released meanwhile. There must be one.
  void CompressOne(std::unique_lock<std::mutex>& lock, Compressor& compressor);
  // Seals what is compressed, as far as the first chunk that is not.
  void SealDone();
  // The owner's part: helps, or waits for the thread, until at most
  // `waiting_bytes` wait.
  absl::Status WorkOff(std::unique_lock<std::mutex>& lock,
                       size_t waiting_bytes);

  ChunkSealer& sealer_;
  Compressor& owners_compressor_;
  const size_t min_output_;
  pthread_t thread_;
  bool has_thread_ = false;

  std::mutex mutex_;
  // For the thread: there is a chunk to take.
  std::condition_variable added_;
  // For the owner: the thread has sealed something, or there is an error.
  std::condition_variable sealed_;
  // In the order of the stream; the first taken_ are being compressed or done.
  std::deque<Job> jobs_;
  size_t taken_ = 0;
  // Of the chunks in jobs_, before compression.
  size_t waiting_bytes_ = 0;
  // Jobs that were sealed, for their memory, the last used first.
  std::vector<Job> free_;
  // Sealed chunks for the owner to take, and those that are too few yet.
  ByteBuffer ready_;
  ByteBuffer collected_;
  // After an error nothing is compressed or sealed any more.
  absl::Status status_;
  bool quit_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_SEALING_QUEUE_H_
