// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_TWO_PROCESSES_H_
#define DEVSTATE_TESTS_BENCH_TWO_PROCESSES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/inode_table.h"
#include "tests/bench/median.h"
#include "tests/bench/variants.h"

namespace devstate::bench {

// What one process of a run reports; lies in memory shared with the parent.
struct ProcessResult {
  absl::Time end;
  // At the end of the transfer, before results are compared; RunChild() makes
  // it the time since the start.
  double cpu_ms;
  // Peak of the resident set above what it was before, without the live table.
  int64_t extra_bytes;
  uint64_t wire_bytes;
  uint64_t hash;
  bool ok;
};

struct RunResult {
  double wall_ms = 0;
  ProcessResult source = {};
  ProcessResult destination = {};
};

struct RunOptions {
  // How much heap each process touches before the clock starts, in bytes; 0:
  // nothing, and not the table either.
  size_t touch_bytes = 0;
  // What a third process between the two lets through, in bytes a second; 0:
  // there is none.
  double bytes_per_second = 0;
};

// Moves `table` as `variant` does, between two new processes with a pipe
// between them. Ends the program if anything fails.
RunResult RunTransfer(const Variant& variant, const InodeTable& table,
                      const RunOptions& options);

// Returns the options of runs with warm memory, enough for any variant.
RunOptions WarmRun(const InodeTable& table, double bytes_per_second = 0);

// Runs every variant once in each repetition, so that a machine that changes
// its speed changes it for all of them. Returns the results of each variant.
// Ends the program as above, and if a table does not arrive as it was.
std::vector<std::vector<RunResult>> RunEach(
    const std::vector<Variant>& variants, const InodeTable& table,
    size_t repetitions, const RunOptions& options);

// Median over the repetitions of what `figure` says of one.
template <typename Figure>
double MedianOf(const std::vector<RunResult>& runs, Figure figure) {
  std::vector<double> values;
  for (const RunResult& run : runs) values.push_back(figure(run));
  return Median(values);
}

// How many times faster `runs` are than `others`, repetition by repetition.
std::vector<double> PairedSpeedups(const std::vector<RunResult>& runs,
                                   const std::vector<RunResult>& others);

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_TWO_PROCESSES_H_
