// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Threads of the C library. std::thread throws where none can be started.

#ifndef DEVSTATE_THIRD_PARTY_PTHREAD_BACKGROUND_THREAD_H_
#define DEVSTATE_THIRD_PARTY_PTHREAD_BACKGROUND_THREAD_H_

#include <pthread.h>
#include <signal.h>

#include <functional>
#include <utility>

namespace devstate {

// A thread of ours in a process that is not. All signals are blocked in it,
// because they are for the process's own threads. Thread-safety: none.
class BackgroundThread {
 public:
  BackgroundThread() = default;
  ~BackgroundThread() { Join(); }
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  // Runs `run` in a thread. `name`, of up to 15 bytes, is for who looks at the
  // process from outside. Returns 0, or the error number: no thread is there
  // then. Requires: none was started.
  int Start(const char* name, std::function<void()> run) {
    run_ = std::move(run);
    sigset_t all;
    sigset_t old;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &old);
    const int error = ::pthread_create(&thread_, nullptr, &Main, this);
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
    if (error != 0) return error;
    started_ = true;
    ::pthread_setname_np(thread_, name);
    return 0;
  }

  bool started() const { return started_; }

  // Waits until `run` has returned, if there is a thread.
  void Join() {
    if (std::exchange(started_, false)) ::pthread_join(thread_, nullptr);
  }

 private:
  static void* Main(void* self) {
    static_cast<BackgroundThread*>(self)->run_();
    return nullptr;
  }

  pthread_t thread_;
  bool started_ = false;
  std::function<void()> run_;
};

}  // namespace devstate

#endif  // DEVSTATE_THIRD_PARTY_PTHREAD_BACKGROUND_THREAD_H_
