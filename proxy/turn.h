// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_TURN_H_
#define DEVSTATE_PROXY_TURN_H_

#include <condition_variable>
#include <mutex>
#include <utility>

#include "devstate/transport/io/wake_event.h"

namespace devstate::proxy {

// Whose turn it is to speak to the back-end: the thread that forwards, or the
// one that transfers state. Thread-safety: all methods are thread-safe.
class Turn {
 public:
  explicit Turn(WakeEvent returned) : returned_(std::move(returned)) {}

  // Takes the turn if nobody has it.
  bool TryTake();
  // Waits for it. The forwarding thread has it until an answer came or its
  // deadline passed.
  void Take();
  // Give it back. The second makes fd() readable until Clear().
  void Return();
  void ReturnWithSignal();
  bool IsTaken() const;

  int fd() const { return returned_.fd(); }
  void Clear() const { returned_.Clear(); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable free_;
  bool taken_ = false;
  const WakeEvent returned_;
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_TURN_H_
