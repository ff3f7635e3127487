// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Moves a live inode table from one process through a pipe into another's
// memory, in all the ways of variants.h side by side, and prints times and
// their ratios.
//
//   bazel run //tests/bench:transfer -- --records 1000000
//
// Every repetition runs every variant once, so that a machine that changes its
// speed changes it for all of them; what counts are the ratios. Memory is
// touched before the clock starts (a page fault costs more than all the rest)
// unless
// --cold is given. Peak memory comes from one extra cold run of each.

#include <cstdio>
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

struct Flags {
  size_t records = 1000000;
  size_t repetitions = 11;
  bool cold = false;
};

// For tests/bench/run: each variant next to the first and the last one.
void AddFigures(const std::vector<Variant>& variants,
                const std::vector<std::vector<RunResult>>& results,
                size_t records) {
  const auto processor = [](const RunResult& run) {
    return run.source.cpu_ms + run.destination.cpu_ms;
  };
  for (size_t v = 1; v < variants.size(); ++v) {
    AddFigure("transfer",
              absl::StrCat(variants.front().name, " / ", variants[v].name),
              "times the time", PairedSpeedups(results[v], results.front()));
    std::vector<double> ratios, nanoseconds;
    for (size_t i = 0; i < results[v].size(); ++i) {
      ratios.push_back(processor(results.front()[i]) /
                       processor(results[v][i]));
      nanoseconds.push_back(processor(results[v][i]) * 1e6 /
                            static_cast<double>(records));
    }
    AddFigure("transfer",
              absl::StrCat(variants.front().name, " / ", variants[v].name),
              "times the processor", ratios);
    AddFigure("transfer", variants[v].name, "ns of processor a record",
              nanoseconds);
    AddFigure("transfer", variants[v].name, "bytes a record",
              {static_cast<double>(results[v][0].destination.wire_bytes) /
               static_cast<double>(records)});
  }
}

int Measure(const Flags& flags) {
  const size_t records = flags.records;
  const InodeTable table = GenerateTable(records);
  const std::vector<Variant> variants = AllVariants();
  // What the bare pipe moves must be known before it runs.
  SetBarePipeBytes(
      RunTransfer(DevstateVariant("raw", Compression::Raw()), table, {})
          .destination.wire_bytes);
  // The cold runs are for the peak memory.
  const std::vector<std::vector<RunResult>> memory =
      RunEach(variants, table, 1, {});
  const std::vector<std::vector<RunResult>> results =
      RunEach(variants, table, flags.repetitions,
              flags.cold ? RunOptions() : WarmRun(table));

  absl::PrintF(
      "%d inodes, %.1f bytes a name, two processes, one pipe, %s memory, "
      "medians of %d runs\n\n",
      records,
      static_cast<double>(table.names.size()) / static_cast<double>(records),
      flags.cold ? "cold" : "warm", flags.repetitions);
  absl::PrintF("%-34s %8s %8s %8s %8s %8s %8s %8s %8s\n", "", "wall", "source",
               "dest.", "bytes/", "peak MiB", "peak MiB", "speed /", "speed /");
  absl::PrintF("%-34s %8s %8s %8s %8s %8s %8s %8s %8s\n", "", "ms", "CPU ms",
               "CPU ms", "record", "source", "dest.", "(a)", "(e)");
  for (size_t v = 0; v < variants.size(); ++v) {
    const std::vector<RunResult>& runs = results[v];
    constexpr double kMiB = 1024 * 1024;
    absl::PrintF(
        "%-34s %8.1f %8.1f %8.1f %8.2f %8.1f %8.1f %8.2f %8.2f\n",
        variants[v].name,
        MedianOf(runs, [](const RunResult& r) { return r.wall_ms; }),
        MedianOf(runs, [](const RunResult& r) { return r.source.cpu_ms; }),
        MedianOf(runs, [](const RunResult& r) { return r.destination.cpu_ms; }),
        static_cast<double>(runs[0].destination.wire_bytes) /
            static_cast<double>(records),
        static_cast<double>(memory[v][0].source.extra_bytes) / kMiB,
        static_cast<double>(memory[v][0].destination.extra_bytes) / kMiB,
        Median(PairedSpeedups(runs, results.front())),
        Median(PairedSpeedups(runs, results.back())));
  }
  AddFigures(variants, results, records);
  return 0;
}

int Main(int argc, char** argv) {
  Flags flags;
  Command program("transfer",
                  "Moves an inode table between two processes in several ways");
  program.AddOption("--records", &flags.records, "Inodes in the table")
      .InRange(1, 4000000)
      .ShowDefault();
  program.AddOption("--repetitions", &flags.repetitions, "Runs of each variant")
      .InRange(5, 1000)
      .ShowDefault();
  program.AddFlag("--cold", &flags.cold, "Do not touch the memory beforehand");
  program.run = [&flags] { return Measure(flags); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) { return devstate::bench::Main(argc, argv); }
