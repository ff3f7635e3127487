// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The part of a load that a device waits for, such as finding files again, on
// several threads.

#ifndef DEVSTATE_BACKEND_PARALLEL_PARTS_H_
#define DEVSTATE_BACKEND_PARALLEL_PARTS_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace devstate {

// Returns the number of processors that this process may use, at least 1.
size_t UsableProcessors();

// Calls `run` once for each part from 0 to `parts` - 1, on this thread and up
// to `threads` - 1 more, which have all signals blocked and end before this
// returns. A thread that cannot be started is done without. `thread`, below
// `threads`, numbers the thread: what belongs to one thread needs no lock. The
// parts begin in ascending order.
//
// After an error no later part begins. Returns the error of the first part that
// has one, whatever was done before it: the same that one thread would return.
// What later parts have done is the caller's to undo.
absl::Status RunParts(
    size_t parts, size_t threads,
    const std::function<absl::Status(size_t thread, size_t part)>& run);

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_PARALLEL_PARTS_H_
