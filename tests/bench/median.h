// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_MEDIAN_H_
#define DEVSTATE_TESTS_BENCH_MEDIAN_H_

#include <algorithm>
#include <vector>

namespace devstate::bench {

// There must be a value; of an even number of them, the upper one.
inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_MEDIAN_H_
