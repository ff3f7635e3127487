// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_PREPARATION_H_
#define DEVSTATE_BACKEND_PREPARATION_H_

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "devstate/backend/prepared_records.h"
#include "devstate/serializer/writer_options.h"
#include "devstate/third_party/pthread/background_thread.h"

namespace devstate {

// The thread that prepares the records of a device for its saves: all of them,
// and then, again and again, what has changed. It takes at most half of a
// processor after the first time. Thread-safety: any.
class Preparation {
 public:
  // Requires: the fields outlive the object.
  Preparation(std::vector<PreparedField*> fields, WriterOptions options);
  // Ends the thread.
  ~Preparation();

  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  // Starts the thread, unless it runs or nothing can be prepared. Where it
  // cannot be started, nothing is prepared.
  void Start();
  // Ends the thread, after the batch under way, and drops what is prepared.
  void Forget();

  // Nothing is prepared or dropped while it lives, so that a save can use what
  // is there. Start() and Forget() do not wait for it: they take effect when it
  // ends, for who calls them may be who cancels the save. One at a time.
  class Pause {
   public:
    explicit Pause(Preparation* preparation);
    ~Pause();

    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    Preparation& preparation_;
  };

 private:
  void Run();
  // Do their work. Requires: control_mutex_ is held.
  void StartThread();
  void DropAll();
  void Join();

  const std::vector<PreparedField*> fields_;
  const WriterOptions options_;
  // Held by the methods.
  std::mutex control_mutex_;
  bool paused_ = false;
  // What is to be done when the pause ends, in this order.
  bool forget_later_ = false;
  bool start_later_ = false;
  BackgroundThread thread_;

  std::mutex mutex_;
  std::condition_variable stopped_;
  std::atomic<bool> stop_{false};
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_PREPARATION_H_
