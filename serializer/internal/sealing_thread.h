// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_SEALING_THREAD_H_
#define DEVSTATE_SERIALIZER_INTERNAL_SEALING_THREAD_H_

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "serializer/internal/byte_buffer.h"
#include "serializer/internal/chunk_sealer.h"
#include "serializer/stream_format.h"

namespace devstate {

// A thread that seals chunks while its owner encodes the next ones, with all
// signals blocked. It calls nothing but the sealer. All methods are for one
// thread, the owner's.
class SealingThread {
 public:
  // Sealed chunks come out when they are at least `min_output` bytes together.
  // The sealer must outlive the object and be left alone as long as it lives.
  // Null if there is no thread to be had.
  static std::unique_ptr<SealingThread> Start(ChunkSealer* sealer,
                                              size_t min_output);
  // Waits for the chunk that is being sealed, and drops what comes after it.
  ~SealingThread();

  SealingThread(const SealingThread&) = delete;
  SealingThread& operator=(const SealingThread&) = delete;

  // Takes the content of `payload` as the next chunk, which `header` is about,
  // and puts what is sealed by now into `out`, which must be empty. Waits first
  // if too much waits already. Errors are the sealer's, for a chunk before; the
  // stream cannot go on then.
  absl::Status Add(const ChunkHeader& header, ByteBuffer& payload,
                   ByteBuffer& out);

  // Waits for all chunks and puts what was not handed out into `out`, which
  // must be empty.
  absl::Status Finish(ByteBuffer& out);

 private:
  struct Job {
    ChunkHeader header;
    ByteBuffer payload;
  };

  SealingThread(ChunkSealer* sealer, size_t min_output)
      : sealer_(*sealer), min_output_(min_output) {}
  static void* ThreadMain(void* self);
  void Run();
  void Join();

  ChunkSealer& sealer_;
  const size_t min_output_;
  pthread_t thread_;
  bool has_thread_ = false;
  // Sealed chunks that are too few yet; the thread's own while there is one.
  ByteBuffer collected_;

  std::mutex mutex_;
  std::condition_variable added_;
  std::condition_variable sealed_;
  // In the order of the stream. The first is being sealed, and the thread's
  // own.
  std::deque<Job> jobs_;
  // Of the payloads in jobs_.
  size_t waiting_bytes_ = 0;
  // Payloads that were sealed, for their memory, the last used first.
  std::vector<ByteBuffer> free_;
  // Sealed chunks for the owner to take.
  ByteBuffer ready_;
  // The sealer's; after an error nothing is sealed any more.
  absl::Status status_;
  bool quit_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_SEALING_THREAD_H_
