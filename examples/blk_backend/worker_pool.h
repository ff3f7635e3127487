// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_EXAMPLES_BLK_BACKEND_WORKER_POOL_H_
#define DEVSTATE_EXAMPLES_BLK_BACKEND_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace devstate::blk::examples {

// Runs jobs on a few threads, so that requests overtake each other as they do
// on a real disk. Thread-safety: all methods are thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(uint32_t threads);
  // Waits for the jobs that run. Requires: nobody adds any more.
  ~WorkerPool();

  void Add(const void* owner, std::function<void()> job);
  // Drops the jobs of an owner that have not begun and returns their number.
  size_t Drop(const void* owner);

 private:
  struct Job {
    const void* owner;
    std::function<void()> run;
  };
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace devstate::blk::examples

#endif  // DEVSTATE_EXAMPLES_BLK_BACKEND_WORKER_POOL_H_
