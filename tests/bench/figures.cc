// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/figures.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_format.h"

namespace devstate::bench {

void AddFigure(absl::string_view benchmark, absl::string_view figure,
               absl::string_view unit, std::vector<double> values) {
  const char* const file = std::getenv("BENCH_FIGURES");
  if (file == nullptr || values.empty()) return;
  std::sort(values.begin(), values.end());
  const auto at = [&values](size_t percent) {
    return values[std::min(values.size() * percent / 100, values.size() - 1)];
  };
  std::ofstream(file, std::ios::app)
      << absl::StrFormat("%s,\"%s\",%s,%.4g,%.4g,%.4g,%d\n", benchmark, figure,
                         unit, at(10), at(50), at(90), values.size());
}

}  // namespace devstate::bench
