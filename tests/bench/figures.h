// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_FIGURES_H_
#define DEVSTATE_TESTS_BENCH_FIGURES_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace devstate::bench {

// Adds a figure to the file that BENCH_FIGURES names, for tests/bench/run, as
// CSV: benchmark, figure, unit, and the values with spaces in between, one of
// each repetition. Does nothing without that variable.
void AddFigure(absl::string_view benchmark, absl::string_view figure,
               absl::string_view unit, const std::vector<double>& values);

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_FIGURES_H_
