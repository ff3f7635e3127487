// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/turn.h"

namespace devstate::proxy {

bool Turn::TryTake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (taken_) return false;
  taken_ = true;
  return true;
}

void Turn::Take() {
  std::unique_lock<std::mutex> lock(mutex_);
  free_.wait(lock, [this] { return !taken_; });
  taken_ = true;
}

void Turn::Return() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    taken_ = false;
  }
  free_.notify_one();
}

void Turn::ReturnWithSignal() {
  Return();
  returned_.Signal();
}

bool Turn::IsTaken() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return taken_;
}

}  // namespace devstate::proxy
