// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_HEAP_PEAK_H_
#define DEVSTATE_TESTS_BENCH_HEAP_PEAK_H_

#include <cstddef>

namespace devstate::bench {

// Counts what the program has allocated with `new`, in one thread, from now on.
// Not thread-safe.
void StartHeapPeak();

// Returns the most bytes that were allocated at once since StartHeapPeak(),
// beside those that were before.
size_t HeapPeak();

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_HEAP_PEAK_H_
