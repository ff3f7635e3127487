// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/parallel_parts.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

#include "devstate/third_party/pthread/background_thread.h"

namespace devstate {
namespace {

// The parts that are still to be done, for all threads.
class Parts {
 public:
  Parts(size_t parts,
        const std::function<absl::Status(size_t thread, size_t part)>& run)
      : end_(parts), run_(run) {}

  void Work(size_t thread) {
    while (true) {
      const size_t part = next_.fetch_add(1, std::memory_order_relaxed);
      // Parts before one that has failed were all taken before it, so none is
      // left out that one thread would have come to.
      if (part >= end_.load(std::memory_order_relaxed)) return;
      absl::Status status = run_(thread, part);
      if (!status.ok()) Fail(part, std::move(status));
    }
  }

  // Requires: all threads have ended.
  absl::Status Result() && { return std::move(status_); }

 private:
  void Fail(size_t part, absl::Status status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (part >= end_.load(std::memory_order_relaxed)) return;
    end_.store(part, std::memory_order_relaxed);
    status_ = std::move(status);
  }

  std::atomic<size_t> next_{0};
  // The parts from here on are not begun any more.
  std::atomic<size_t> end_;
  const std::function<absl::Status(size_t thread, size_t part)>& run_;
  std::mutex mutex_;
  // The error of part end_, if one has failed.
  absl::Status status_;
};

}  // namespace

size_t UsableProcessors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return static_cast<size_t>(std::max(1, CPU_COUNT(&set)));
}

absl::Status RunParts(
    size_t parts, size_t threads,
    const std::function<absl::Status(size_t thread, size_t part)>& run) {
  Parts work(parts, run);
  {
    std::deque<BackgroundThread> others;
    for (size_t thread = 1; thread < std::min(threads, parts); ++thread) {
      const int error = others.emplace_back().Start(
          "devstate-load", [&work, thread] { work.Work(thread); });
      if (error != 0) break;
    }
    work.Work(0);
  }
  return std::move(work).Result();
}

}  // namespace devstate
