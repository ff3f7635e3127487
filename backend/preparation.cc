// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/preparation.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace devstate {
namespace {

using Clock = std::chrono::steady_clock;

// The shortest time from the end of one preparation to the next. What changes
// in it is encoded by the save if that comes then.
constexpr Clock::duration kPause = std::chrono::milliseconds(100);

WriterOptions ForBatches(WriterOptions options) {
  options.used_features.emplace();
  options.embed_descriptor_set = false;
  options.use_second_thread = false;
  return options;
}

}  // namespace

Preparation::Preparation(std::vector<PreparedField*> fields,
                         WriterOptions options)
    : fields_(std::move(fields)), options_(ForBatches(std::move(options))) {}

Preparation::~Preparation() { Join(); }

void Preparation::Start() {
  const std::lock_guard<std::mutex> lock(control_mutex_);
  if (paused_) {
    start_later_ = true;
  } else {
    StartThread();
  }
}

void Preparation::Forget() {
  const std::lock_guard<std::mutex> lock(control_mutex_);
  if (paused_) {
    forget_later_ = true;
    start_later_ = false;
  } else {
    DropAll();
  }
}

Preparation::Pause::Pause(Preparation* preparation)
    : preparation_(*preparation) {
  const std::lock_guard<std::mutex> lock(preparation_.control_mutex_);
  preparation_.Join();
  preparation_.paused_ = true;
}

Preparation::Pause::~Pause() {
  const std::lock_guard<std::mutex> lock(preparation_.control_mutex_);
  preparation_.paused_ = false;
  if (std::exchange(preparation_.forget_later_, false)) preparation_.DropAll();
  if (std::exchange(preparation_.start_later_, false)) {
    preparation_.StartThread();
  }
}

void Preparation::StartThread() {
  if (thread_.started() || fields_.empty()) return;
  stop_.store(false);
  // Without it nothing is prepared.
  static_cast<void>(thread_.Start("devstate-prep", [this] { Run(); }));
}

void Preparation::DropAll() {
  Join();
  for (PreparedField* const field : fields_) field->Forget();
}

void Preparation::Join() {
  if (!thread_.started()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_.store(true);
  }
  stopped_.notify_one();
  thread_.Join();
}

void Preparation::Run() {
  while (true) {
    const Clock::time_point start = Clock::now();
    for (PreparedField* const field : fields_) {
      // A record that cannot be saved now fails the save, unless it has changed
      // by then.
      field->Prepare(options_, stop_).IgnoreError();
    }
    const Clock::duration took = Clock::now() - start;
    std::unique_lock<std::mutex> lock(mutex_);
    if (stopped_.wait_for(lock, std::max(kPause, took),
                          [this] { return stop_.load(); })) {
      return;
    }
  }
}

}  // namespace devstate
