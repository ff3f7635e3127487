// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/wake_event.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "devstate/transport/io/errno_status.h"

namespace devstate {

absl::StatusOr<WakeEvent> WakeEvent::Create() {
  FileDescriptor fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus(errno, "eventfd");
  return WakeEvent(std::move(fd));
}

void WakeEvent::Signal() const {
  const int saved_errno = errno;
  const uint64_t one = 1;
  // The only failure is a full counter, and then the event is signalled.
  [[maybe_unused]] const ssize_t written =
      ::write(fd_.get(), &one, sizeof(one));
  errno = saved_errno;
}

void WakeEvent::Clear() const {
  uint64_t count;
  [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &count, sizeof(count));
}

bool WakeEvent::IsSignalled() const {
  pollfd entry = {fd_.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

}  // namespace devstate
