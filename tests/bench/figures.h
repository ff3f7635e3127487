// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_FIGURES_H_
#define DEVSTATE_TESTS_BENCH_FIGURES_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace devstate::bench {

// Adds a figure with its spread to the file that BENCH_FIGURES names, for
// tests/bench/run: "benchmark,figure,unit,p10,median,p90,runs". Does nothing
// without that variable. `values` has one of each repetition.
void AddFigure(absl::string_view benchmark, absl::string_view figure,
               absl::string_view unit, std::vector<double> values);

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_FIGURES_H_
