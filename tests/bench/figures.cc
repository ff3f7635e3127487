// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/figures.h"

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace devstate::bench {

void AddFigure(absl::string_view benchmark, absl::string_view figure,
               absl::string_view unit, const std::vector<double>& values) {
  const char* const file = std::getenv("BENCH_FIGURES");
  if (file == nullptr) return;
  std::ofstream(file, std::ios::app)
      << absl::StrCat(benchmark, ",\"", figure, "\",", unit, ",",
                      absl::StrJoin(values, " "), "\n");
}

}  // namespace devstate::bench
