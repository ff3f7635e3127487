// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_IO_POLL_READY_H_
#define DEVSTATE_TRANSPORT_IO_POLL_READY_H_

#include "absl/status/statusor.h"
#include "devstate/transport/io/deadline.h"

namespace devstate {

enum class Readiness { kReady, kCancelled, kExpired };

// Waits until poll() says one of `events` of `fd`, or an error of it, until
// `deadline`, or until `cancel_fd` is readable. -1 stands for no such
// descriptor. Errors are those of poll().
absl::StatusOr<Readiness> PollReady(int fd, short events, Deadline deadline,
                                    int cancel_fd);

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_POLL_READY_H_
