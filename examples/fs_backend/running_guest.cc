// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/running_guest.h"

#include <chrono>

namespace devstate::examples {

void RunningGuest::SetRunning(bool running) {
  if (running == thread_.joinable() || rate_ == 0) return;
  if (running) {
    stop_ = false;
    thread_ = std::thread([this] { Run(); });
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

void RunningGuest::Run() {
  const std::chrono::nanoseconds pause(uint64_t{1000000000} / rate_);
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopped_.wait_for(lock, pause, [this] { return stop_; })) {
    if (!device_.table().inodes.empty()) device_.Update(updates_++);
  }
}

}  // namespace devstate::examples
