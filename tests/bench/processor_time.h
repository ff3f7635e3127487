// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_PROCESSOR_TIME_H_
#define DEVSTATE_TESTS_BENCH_PROCESSOR_TIME_H_

#include <time.h>

namespace devstate::bench {

// Returns the time that all threads of this process have had of all processors
// so far, in milliseconds.
inline double ProcessorMilliseconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) +
         1e-6 * static_cast<double>(time.tv_nsec);
}

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_PROCESSOR_TIME_H_
