// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/two_processes.h"

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

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace devstate::bench {
namespace {

constexpr int kLargePipe = 1024 * 1024;

// So little that the slowest channel takes a millisecond for it or less.
constexpr size_t kRelayBlock = 16 * 1024;
constexpr absl::Duration kMaxOversleep = absl::Milliseconds(1);

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
  Run(const Variant& variant, const InodeTable& table,
      const RunOptions& options)
      : variant_(variant), table_(table), options_(options) {}

  RunResult Execute() {
    auto* shared = static_cast<ProcessResult*>(
        mmap(nullptr, 2 * sizeof(ProcessResult), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    Check(shared != MAP_FAILED, "mmap");
    int ready[2], go[2];
    Check(pipe(ready) == 0 && pipe(go) == 0, "pipe");
    OpenPipe(sent_);
    if (options_.bytes_per_second > 0) {
      OpenPipe(passed_);
    } else {
      passed_[0] = sent_[0];
    }
    const pid_t source = fork();
    Check(source >= 0, "fork");
    if (source == 0) {
      CloseAllBut(sent_[1]);
      RunChild(ready[1], go[0], &shared[0], [&](ProcessResult& result) {
        const absl::Status status = variant_.send(table_, sent_[1]);
        close(sent_[1]);
        result.cpu_ms = CpuMs();
        return status;
      });
    }
    const pid_t destination = fork();
    Check(destination >= 0, "fork");
    if (destination == 0) {
      CloseAllBut(passed_[0]);
      RunChild(ready[1], go[0], &shared[1], [&](ProcessResult& result) {
        return Receive(passed_[0], result);
      });
    }
    std::vector<pid_t> children = {source, destination};
    if (options_.bytes_per_second > 0) children.push_back(StartRelay());
    CloseAllBut(-1);
    char byte[2];
    for (int got = 0; got < 2;) {
      const ssize_t n = read(ready[0], byte, 2);
      Check(n > 0, "a child died");
      got += static_cast<int>(n);
    }
    const absl::Time start = absl::Now();
    Check(write(go[1], "go", 2) == 2, "write");
    for (const pid_t pid : children) {
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

  void OpenPipe(int (&ends)[2]) const {
    Check(pipe(ends) == 0, "pipe");
    if (variant_.large_pipe) fcntl(ends[1], F_SETPIPE_SZ, kLargePipe);
  }

  void CloseAllBut(int fd) const {
    for (const int other : {sent_[0], sent_[1], passed_[1]}) {
      if (other >= 0 && other != fd) close(other);
    }
    // The same as of the first pipe if there is no relay.
    if (passed_[0] != fd && passed_[0] != sent_[0]) close(passed_[0]);
  }

  // Starts a process that passes on what is sent, no faster than it may.
  pid_t StartRelay() const {
    const pid_t relay = fork();
    Check(relay >= 0, "fork");
    if (relay != 0) return relay;
    close(sent_[1]);
    close(passed_[0]);
    std::vector<char> block(kRelayBlock);
    absl::Time free_at = absl::Now();
    while (true) {
      const ssize_t got = read(sent_[0], block.data(), block.size());
      Check(got >= 0, "read");
      if (got == 0) _exit(0);
      // What a sleep takes too long is made good, but not what nobody sent.
      free_at =
          std::max(free_at, absl::Now() - kMaxOversleep) +
          absl::Seconds(static_cast<double>(got) / options_.bytes_per_second);
      absl::SleepFor(free_at - absl::Now());
      for (ssize_t done = 0; done < got;) {
        const ssize_t n = write(passed_[1], block.data() + done,
                                static_cast<size_t>(got - done));
        Check(n > 0, "write");
        done += n;
      }
    }
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
    if (options_.touch_bytes > 0) {
      TouchHeap(options_.touch_bytes);
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
  const RunOptions& options_;
  // The pipe of the source, and that of the destination, if it is another one.
  int sent_[2] = {-1, -1};
  int passed_[2] = {-1, -1};
};

}  // namespace

RunResult RunTransfer(const Variant& variant, const InodeTable& table,
                      const RunOptions& options) {
  return Run(variant, table, options).Execute();
}

RunOptions WarmRun(const InodeTable& table, double bytes_per_second) {
  return {table.inodes.size() * 700 + 16 * 1024 * 1024, bytes_per_second};
}

std::vector<std::vector<RunResult>> RunEach(
    const std::vector<Variant>& variants, const InodeTable& table,
    size_t repetitions, const RunOptions& options) {
  const uint64_t hash = HashTable(table);
  std::vector<std::vector<RunResult>> results(variants.size());
  for (size_t i = 0; i < repetitions; ++i) {
    for (size_t v = 0; v < variants.size(); ++v) {
      results[v].push_back(RunTransfer(variants[v], table, options));
      if (variants[v].moves_table &&
          results[v].back().destination.hash != hash) {
        std::fprintf(stderr, "%s: the destination's table differs\n",
                     variants[v].name.c_str());
        std::exit(1);
      }
    }
  }
  return results;
}

std::vector<double> PairedSpeedups(const std::vector<RunResult>& runs,
                                   const std::vector<RunResult>& others) {
  std::vector<double> ratios;
  for (size_t i = 0; i < runs.size(); ++i) {
    ratios.push_back(others[i].wall_ms / runs[i].wall_ms);
  }
  return ratios;
}

}  // namespace devstate::bench
