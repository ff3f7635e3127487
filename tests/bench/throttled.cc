// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Moves a live inode table through channels that take only so many bytes a
// second, with each level of compression and with the automatic choice, and
// prints what that reaches of the best level.
//
//   bazel run //tests/bench:throttled -- --records 1000000

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/serializer/compression.h"
#include "devstate/third_party/cli11/command_line.h"
#include "tests/bench/figures.h"
#include "tests/bench/inode_table.h"
#include "tests/bench/median.h"
#include "tests/bench/two_processes.h"
#include "tests/bench/variants.h"

namespace devstate::bench {
namespace {

// In MB/s: a slow link, 1 Gbit/s and 10 Gbit/s among them; 0: as fast as it
// goes.
constexpr double kRates[] = {25, 60, 118, 300, 590, 1180, 0};

constexpr int kLevels[] = {-5, -1, 1, 3};

int Measure(size_t records, size_t repetitions) {
  const InodeTable table = GenerateTable(records);
  std::vector<Variant> variants = {
      DevstateVariant("automatic", Compression::Automatic()),
      DevstateVariant("raw", Compression::Raw())};
  for (const int level : kLevels) {
    variants.push_back(DevstateVariant(absl::StrCat("zstd ", level),
                                       Compression::Zstd(level)));
  }
  absl::PrintF(
      "%d inodes through a channel, milliseconds, medians of %d runs\n%-10s",
      records, repetitions, "MB/s");
  for (const Variant& variant : variants) {
    absl::PrintF(" %9s", variant.name);
  }
  absl::PrintF(" %15s\n", "best/automatic");
  for (const double rate : kRates) {
    const std::vector<std::vector<RunResult>> runs =
        RunEach(variants, table, repetitions, WarmRun(table, rate * 1e6));
    const std::string name = rate == 0 ? "unlimited" : absl::StrCat(rate);
    absl::PrintF("%-10s", name);
    double best = 0;
    std::vector<double> speedups;
    for (size_t v = 0; v < variants.size(); ++v) {
      const double ms =
          MedianOf(runs[v], [](const RunResult& r) { return r.wall_ms; });
      absl::PrintF(" %9.1f", ms);
      if (v != 0 && (best == 0 || ms < best)) {
        best = ms;
        speedups = PairedSpeedups(runs[0], runs[v]);
      }
    }
    absl::PrintF(" %15.2f\n", Median(speedups));
    AddFigure("throttled",
              absl::StrCat("best level / automatic at ", name, " MB/s"),
              "times the time", speedups);
  }
  return 0;
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) {
  devstate::Command program("throttled",
                            "Moves an inode table through slow channels");
  size_t records = 1000000;
  size_t repetitions = 7;
  program.AddOption("--records", &records, "Inodes in the table")
      .InRange(1, 4000000)
      .ShowDefault();
  program.AddOption("--repetitions", &repetitions, "Runs of each variant")
      .Positive()
      .ShowDefault();
  program.run = [&] { return devstate::bench::Measure(records, repetitions); };
  return devstate::RunCommand(program, argc, argv);
}
