// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/blk_backend/worker_pool.h"

#include <algorithm>
#include <utility>

namespace devstate::blk::examples {

WorkerPool::WorkerPool(uint32_t threads) {
  for (uint32_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::Add(const void* owner, std::function<void()> job) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back({owner, std::move(job)});
  }
  changed_.notify_one();
}

size_t WorkerPool::Drop(const void* owner) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const size_t before = jobs_.size();
  jobs_.erase(
      std::remove_if(jobs_.begin(), jobs_.end(),
                     [owner](const Job& job) { return job.owner == owner; }),
      jobs_.end());
  return before - jobs_.size();
}

void WorkerPool::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
    if (stop_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.run();
    lock.lock();
  }
}

}  // namespace devstate::blk::examples
