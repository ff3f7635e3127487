// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A poll-able flag that threads and signal handlers set.

#ifndef DEVSTATE_TRANSPORT_IO_WAKE_EVENT_H_
#define DEVSTATE_TRANSPORT_IO_WAKE_EVENT_H_

#include "absl/status/statusor.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// A flag made of an eventfd. Thread-safety: all methods are thread-safe.
class WakeEvent {
 public:
  // Creates a flag. RESOURCE_EXHAUSTED when no descriptor is left.
  static absl::StatusOr<WakeEvent> Create();

  // Makes fd() readable until Clear(). Async-signal-safe; keeps errno.
  void Signal() const;
  void Clear() const;
  bool IsSignalled() const;

  // Returns the descriptor for poll(POLLIN). This object owns it; never read
  // from it directly.
  int fd() const { return fd_.get(); }

 private:
  explicit WakeEvent(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_WAKE_EVENT_H_
