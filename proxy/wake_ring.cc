// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/wake_ring.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

namespace devstate::proxy {

void Wake(const RingEvent& event) {
  if (!event.fd.valid()) return;
  // An eventfd has no type of file.
  struct stat info = {};
  if (::fstat(event.fd.get(), &info) != 0 || (info.st_mode & S_IFMT) != 0) {
    return;
  }
  pollfd entry = {event.fd.get(), POLLOUT, 0};
  if (::poll(&entry, 1, 0) != 1) return;
  const uint64_t one = 1;
  // Whoever is at the other end is told by this alone, so there is no remedy.
  [[maybe_unused]] const ssize_t written =
      ::write(event.fd.get(), &one, sizeof(one));
}

}  // namespace devstate::proxy
