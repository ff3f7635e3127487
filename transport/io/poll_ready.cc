// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/poll_ready.h"

#include <poll.h>

#include <cerrno>

#include "devstate/transport/io/errno_status.h"

namespace devstate {

absl::StatusOr<Readiness> PollReady(int fd, short events, Deadline deadline,
                                    int cancel_fd) {
  // The deadline is looked at before readiness: a peer that trickles one byte
  // at a time is always ready.
  while (!deadline.Expired()) {
    pollfd entries[2] = {{fd, events, 0}, {cancel_fd, POLLIN, 0}};
    const int ready = ::poll(entries, 2, deadline.PollTimeout());
    if (ready < 0 && errno != EINTR) return ErrnoStatus(errno, "poll");
    if (ready > 0 && entries[1].revents != 0) return Readiness::kCancelled;
    if (ready > 0) return Readiness::kReady;
  }
  return Readiness::kExpired;
}

}  // namespace devstate
