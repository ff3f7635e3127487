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

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devstate/third_party/cli11/command_line.h"
#include "tests/bench/inode_table.h"
#include "tests/bench/median.h"
#include "tests/bench/variants.h"

namespace devstate::bench {
namespace {

constexpr int kLargePipe = 1024 * 1024;

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

double CpuMs() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 +
           static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

int64_t StatusBytes(absl::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, name)) continue;
    int64_t kib = 0;
    if (absl::SimpleAtoi(absl::StripSuffix(rest, " kB"), &kib))
      return kib * 1024;
  }
  return 0;
}

int64_t LiveBytes(const Received& received) {
  size_t bytes = received.table.inodes.size() * sizeof(LiveInode) +
                 received.table.names.size() +
                 received.owned.size() * sizeof(OwnedInode);
  for (const OwnedInode& inode : received.owned) {
    // The allocator adds a word to each.
    bytes +=
        inode.name.capacity() + inode.handle.capacity() + 2 * sizeof(size_t);
  }
  return static_cast<int64_t>(bytes);
}

// Gives the heap `bytes` of memory that is backed by pages already.
void TouchHeap(size_t bytes) {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 0x7fffffff);
  // volatile: the compiler may otherwise remove the allocation altogether.
  volatile char* memory = static_cast<volatile char*>(std::malloc(bytes));
  for (size_t i = 0; i < bytes; i += 4096) memory[i] = 1;
  std::free(const_cast<char*>(memory));
}

// Reads every page of `table` once, as a device that works with its state does.
// A forked process has never used the pages that it inherits, and the first use
// of each costs as much as encoding a dozen inodes.
void TouchTable(const InodeTable& table) {
  volatile char sink;
  const auto read = [&sink](const void* data, size_t size) {
    const char* bytes = static_cast<const char*>(data);
    for (size_t i = 0; i < size; i += 4096) sink = bytes[i];
  };
  read(table.inodes.data(), table.inodes.size() * sizeof(LiveInode));
  read(table.names.data(), table.names.size());
}

// Two processes, a pipe between them, and a pipe to start each.
class Run {
 public:
  Run(const Variant& variant, const InodeTable& table, size_t touch_bytes)
      : variant_(variant), table_(table), touch_bytes_(touch_bytes) {}

  RunResult Execute() {
    auto* shared = static_cast<ProcessResult*>(
        mmap(nullptr, 2 * sizeof(ProcessResult), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    Check(shared != MAP_FAILED, "mmap");
    int channel[2], ready[2], go[2];
    Check(pipe(channel) == 0 && pipe(ready) == 0 && pipe(go) == 0, "pipe");
    if (variant_.large_pipe) fcntl(channel[1], F_SETPIPE_SZ, kLargePipe);
    const pid_t source = fork();
    Check(source >= 0, "fork");
    if (source == 0) {
      close(channel[0]);
      RunChild(ready[1], go[0], &shared[0], [&](ProcessResult& result) {
        const absl::Status status = variant_.send(table_, channel[1]);
        close(channel[1]);
        result.cpu_ms = CpuMs();
        return status;
      });
    }
    const pid_t destination = fork();
    Check(destination >= 0, "fork");
    if (destination == 0) {
      close(channel[1]);
      RunChild(ready[1], go[0], &shared[1], [&](ProcessResult& result) {
        return Receive(channel[0], result);
      });
    }
    close(channel[0]);
    close(channel[1]);
    char byte[2];
    for (int got = 0; got < 2;) {
      const ssize_t n = read(ready[0], byte, 2);
      Check(n > 0, "a child died");
      got += static_cast<int>(n);
    }
    const absl::Time start = absl::Now();
    Check(write(go[1], "go", 2) == 2, "write");
    for (const pid_t pid : {source, destination}) {
      int status = 0;
      Check(waitpid(pid, &status, 0) == pid && status == 0, "a child failed");
    }
    for (const int fd : {ready[0], ready[1], go[0], go[1]}) close(fd);
    RunResult result;
    result.source = shared[0];
    result.destination = shared[1];
    munmap(shared, 2 * sizeof(ProcessResult));
    Check(result.source.ok && result.destination.ok, "a transfer failed");
    result.wall_ms = absl::ToDoubleMilliseconds(result.destination.end - start);
    return result;
  }

 private:
  static void Check(bool ok, const char* what) {
    if (ok) return;
    std::perror(what);
    std::exit(1);
  }

  absl::Status Receive(int fd, ProcessResult& result) {
    Received received;
    const absl::Status status = variant_.receive(fd, &received);
    result.end = absl::Now();
    result.cpu_ms = CpuMs();
    result.extra_bytes = -LiveBytes(received);
    result.wire_bytes = WireBytes();
    result.hash = received.Hash();
    return status;
  }

  template <typename Body>
  void RunChild(int ready, int go, ProcessResult* shared, Body body) {
    if (touch_bytes_ > 0) {
      TouchHeap(touch_bytes_);
      TouchTable(table_);
    }
    ProcessResult result = {};
    char byte = 'r';
    Check(write(ready, &byte, 1) == 1 && read(go, &byte, 1) == 1, "start");
    const int64_t resident = StatusBytes("VmRSS:");
    const double cpu = CpuMs();
    absl::Status status;
    { status = body(result); }
    result.cpu_ms -= cpu;
    result.extra_bytes += StatusBytes("VmHWM:") - resident;
    result.ok = status.ok();
    if (!status.ok()) {
      std::fprintf(stderr, "%s: %s\n", variant_.name.c_str(),
                   status.ToString().c_str());
    }
    *shared = result;
    _exit(0);
  }

  const Variant& variant_;
  const InodeTable& table_;
  const size_t touch_bytes_;
};

// Median over the repetitions of what `figure` says of one.
template <typename Figure>
double MedianOf(const std::vector<RunResult>& runs, Figure figure) {
  std::vector<double> values;
  for (const RunResult& run : runs) values.push_back(figure(run));
  return Median(values);
}

// How many times faster `runs` are than `others`, repetition by repetition.
double PairedSpeedup(const std::vector<RunResult>& runs,
                     const std::vector<RunResult>& others) {
  std::vector<double> ratios;
  for (size_t i = 0; i < runs.size(); ++i) {
    ratios.push_back(others[i].wall_ms / runs[i].wall_ms);
  }
  return Median(ratios);
}

struct Flags {
  size_t records = 1000000;
  size_t repetitions = 11;
  bool cold = false;
};

int Measure(const Flags& flags) {
  const size_t records = flags.records;
  const InodeTable table = GenerateTable(records);
  const uint64_t hash = HashTable(table);
  const std::vector<Variant> variants = AllVariants();
  const size_t touch_bytes = flags.cold ? 0 : records * 700 + 16 * 1024 * 1024;
  std::vector<std::vector<RunResult>> results(variants.size());
  std::vector<RunResult> memory(variants.size());
  for (size_t repetition = 0; repetition <= flags.repetitions; ++repetition) {
    for (size_t v = 0; v < variants.size(); ++v) {
      // The first round is for the peak memory.
      const bool for_memory = repetition == 0;
      const RunResult result =
          Run(variants[v], table, for_memory ? 0 : touch_bytes).Execute();
      if (variants[v].moves_table && result.destination.hash != hash) {
        std::fprintf(stderr, "%s: the destination's table differs\n",
                     variants[v].name.c_str());
        return 1;
      }
      if (absl::StrContains(variants[v].name, "devstate raw")) {
        SetBarePipeBytes(result.destination.wire_bytes);
      }
      if (for_memory) {
        memory[v] = result;
      } else {
        results[v].push_back(result);
      }
    }
  }

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
        static_cast<double>(memory[v].source.extra_bytes) / kMiB,
        static_cast<double>(memory[v].destination.extra_bytes) / kMiB,
        PairedSpeedup(runs, results.front()),
        PairedSpeedup(runs, results.back()));
  }
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
