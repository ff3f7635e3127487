// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_IO_BLOCKED_WRITE_SIGNALS_H_
#define DEVSTATE_TRANSPORT_IO_BLOCKED_WRITE_SIGNALS_H_

#include <signal.h>

#include <cerrno>
#include <ctime>

namespace devstate {

// Keeps write() from raising signals in the calling thread. It raises SIGPIPE
// for a pipe, and SIGXFSZ beyond RLIMIT_FSIZE. Both kill by default, and a
// library must not change the process's dispositions. So they are blocked
// around the call, and one that the call raised is removed before the old mask
// comes back.
class BlockedWriteSignals {
 public:
  BlockedWriteSignals() {
    sigset_t pending;
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGPIPE);
    ::sigaddset(&signals_, SIGXFSZ);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &old_mask_);
    ::sigpending(&pending);
    // A signal that was pending before belongs to somebody else.
    if (::sigismember(&pending, SIGPIPE)) ::sigdelset(&signals_, SIGPIPE);
    if (::sigismember(&pending, SIGXFSZ)) ::sigdelset(&signals_, SIGXFSZ);
  }
  ~BlockedWriteSignals() {
    const int saved_errno = errno;
    if (failed_) {
      const timespec now = {0, 0};
      while (::sigtimedwait(&signals_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
    errno = saved_errno;
  }
  BlockedWriteSignals(const BlockedWriteSignals&) = delete;
  BlockedWriteSignals& operator=(const BlockedWriteSignals&) = delete;

  // Records that the call failed with EPIPE or EFBIG, which raise the signals.
  void set_failed() { failed_ = true; }

 private:
  sigset_t signals_;
  sigset_t old_mask_;
  bool failed_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_BLOCKED_WRITE_SIGNALS_H_
