// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Saves a virtio-fs inode table whose records were prepared while the device
// ran, next to a save that does all of the work at the stop.
//
//   bazel run //tests/bench:prepared_save
//
// Prints the processor's time of the source from the stop to the end of the
// save, all threads and the writes to a pipe included, each the median of
// several saves, and how often it fits into that of the save without
// preparation. A part of the inodes has changed since they were prepared.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/prepared_records.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "tests/bench/inode_row.h"
#include "tests/bench/inode_table.h"
#include "tests/bench/median.h"
#include "tests/bench/processor_time.h"

namespace devstate::bench {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::InodeRow;

[[noreturn]] void Fail(absl::string_view what) {
  absl::FPrintF(stderr, "prepared_save: %s\n", what);
  std::exit(1);
}

void Require(const absl::Status& status) {
  if (!status.ok()) Fail(status.message());
}

// A process that reads a pipe to its end, as a front-end does, and the pipe.
class Reader : public ByteSink {
 public:
  Reader() {
    int ends[2];
    if (pipe(ends) != 0) Fail("no pipe");
    fcntl(ends[1], F_SETPIPE_SZ, 1024 * 1024);
    child_ = fork();
    if (child_ < 0) Fail("no process");
    if (child_ == 0) {
      close(ends[1]);
      std::string buffer(1024 * 1024, '\0');
      while (read(ends[0], &buffer[0], buffer.size()) > 0) {
      }
      _exit(0);
    }
    close(ends[0]);
    fd_ = ends[1];
  }
  ~Reader() override {
    close(fd_);
    waitpid(child_, nullptr, 0);
  }

  absl::Status Write(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = write(fd_, bytes.data(), bytes.size());
      if (written <= 0) Fail("no write to the pipe");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

 private:
  int fd_ = -1;
  pid_t child_ = -1;
};

// A device that has looked up all inodes of a table.
class Device {
 public:
  Device(size_t inodes, const WriterOptions& options)
      : options_(options),
        table_(GenerateTable(inodes)),
        ordered_(FsState::kInodesFieldNumber, Options(false)),
        any_order_(FsState::kInodesFieldNumber, Options(true)) {}

  size_t size() const { return table_.inodes.size(); }

  void Prepare(bool any_order) {
    const std::atomic<bool> go_on{false};
    Require(Records(any_order).Prepare(options_, go_on));
  }
  void Forget() {
    ordered_.Forget();
    any_order_.Forget();
  }
  // A lookup of the inode, or a forget.
  void Change(size_t slot) {
    table_.inodes[slot].refcount ^= 1;
    ordered_.Changed(slot);
    any_order_.Changed(slot);
  }
  uint64_t Save(bool any_order, ByteSink* sink) {
    FsStateWriter writer(sink, options_);
    FsState root;
    root.set_next_inode(size() + 1);
    Require(writer.Begin(root));
    Require(Records(any_order).Save(writer));
    Require(writer.Finish());
    return writer.stream().bytes_written();
  }

 private:
  using PreparedInodes = PreparedRecords<FsStateCodec>;

  PreparedInodes& Records(bool any_order) {
    return any_order ? any_order_ : ordered_;
  }
  absl::Status Add(const LiveInode& inode, InodeRow* row,
                   FsStateWriter& writer) const {
    FillRow(table_, inode, row);
    return writer.AddInodes(*row);
  }
  PreparedInodes::Options Options(bool any_order) {
    PreparedInodes::Options options;
    options.count_slots = [this] { return table_.inodes.size(); };
    options.add = [this](absl::Span<const uint64_t> slots,
                         FsStateWriter& writer,
                         std::vector<uint64_t>&) -> absl::Status {
      InodeRow row;
      for (const uint64_t slot : slots) {
        DS_RETURN_IF_ERROR(Add(table_.inodes[slot], &row, writer));
      }
      return absl::OkStatus();
    };
    options.add_all = [this](FsStateWriter& writer) -> absl::Status {
      InodeRow row;
      for (const LiveInode& inode : table_.inodes) {
        DS_RETURN_IF_ERROR(Add(inode, &row, writer));
      }
      return absl::OkStatus();
    };
    options.any_order = any_order;
    return options;
  }

  const WriterOptions options_;
  InodeTable table_;
  PreparedInodes ordered_;
  PreparedInodes any_order_;
};

// --- What has changed since it was prepared: one inode in twenty ---

void ChangeNothing(Device&, int) {}

// Runs of 1000 inodes that follow each other, as a walk through a directory
// changes them.
void ChangeRuns(Device& device, int) {
  constexpr size_t kRun = 1000;
  for (size_t first = 0; first < device.size(); first += 20 * kRun) {
    for (size_t i = first; i < std::min(first + kRun, device.size()); ++i) {
      device.Change(i);
    }
  }
}

// Inodes all over the table, other ones each time.
void ChangeSpread(Device& device, int time) {
  for (size_t i = static_cast<size_t>(time); i < device.size(); i += 20) {
    device.Change(i);
  }
}

// Inodes all over the table, the same each time.
void ChangeSame(Device& device, int) { ChangeSpread(device, 0); }

struct Variant {
  const char* name;
  bool prepared;
  bool any_order;
  void (*change)(Device& device, int time);
};

constexpr Variant kVariants[] = {
    {"not prepared", false, false, ChangeNothing},
    {"nothing changed", true, false, ChangeNothing},
    {"5 % changed, in runs", true, false, ChangeRuns},
    {"5 % changed, spread", true, false, ChangeSpread},
    {"same, any order", true, true, ChangeSpread},
    {"the same 5 %, any order", true, true, ChangeSame},
};

void Run(size_t inodes, uint32_t repetitions, const WriterOptions& options) {
  // Begins before there is a table: pages that two processes share are copied
  // when they are written to.
  Reader reader;
  Device device(inodes, options);
  std::vector<double> times[std::size(kVariants)];
  uint64_t bytes[std::size(kVariants)] = {};
  for (uint32_t i = 0; i < repetitions; ++i) {
    for (size_t v = 0; v < std::size(kVariants); ++v) {
      const Variant& variant = kVariants[v];
      device.Forget();
      if (variant.prepared) {
        // Twice, as of a device that has run for a while.
        device.Prepare(variant.any_order);
        variant.change(device, 1);
        device.Prepare(variant.any_order);
        variant.change(device, 2);
      }
      const double start = ProcessorMilliseconds();
      bytes[v] = device.Save(variant.any_order, &reader);
      times[v].push_back(ProcessorMilliseconds() - start);
    }
  }
  for (size_t v = 0; v < std::size(kVariants); ++v) {
    const double time = Median(times[v]);
    absl::PrintF("%-24s %8.1f ms  %6.1f times less  %5.2f bytes an inode\n",
                 kVariants[v].name, time, Median(times[0]) / time,
                 static_cast<double>(bytes[v]) / static_cast<double>(inodes));
  }
}

int Main(int argc, char** argv) {
  size_t inodes = 1000000;
  uint32_t repetitions = 9;
  std::string compression = "automatic";
  Command program("prepared_save", "What is left to a save at the stop");
  program.AddOption("--inodes", &inodes, "Size of the table").ShowDefault();
  program.AddOption("--repetitions", &repetitions, "Saves of each kind")
      .ShowDefault();
  program
      .AddOption("--compression", &compression,
                 "automatic, raw, zstd or zstd:LEVEL")
      .ShowDefault();
  program.run = [&] {
    WriterOptions options;
    const absl::StatusOr<Compression> parsed = Compression::Parse(compression);
    Require(parsed.status());
    options.compression = *parsed;
    Run(inodes, repetitions, options);
    return 0;
  };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) { return devstate::bench::Main(argc, argv); }
