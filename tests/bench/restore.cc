// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Finds the files of a table again as fs_backend does after a load, on one
// thread and on one for each processor, next to the system calls alone.
//
//   bazel run //tests/bench:restore -- --files 150000
//
// Makes the files in a folder of its own and removes them again. Prints for
// each way the median of several runs, which are done in turn: the time, the
// processor's time, and the ratio to one thread.

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devstate/backend/parallel_parts.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/io/file_descriptor.h"
#include "examples/fs_backend/directory_walker.h"
#include "examples/fs_backend/refind.h"
#include "examples/fs_backend/tree.h"
#include "tests/bench/figures.h"
#include "tests/bench/many_files.h"
#include "tests/bench/median.h"
#include "tests/bench/processor_time.h"

namespace devstate::bench {
namespace {

using ::devstate::examples::OpenBeneath;
using ::devstate::examples::ReadFacts;
using ::devstate::examples::Refind;
using ::devstate::examples::RefindOptions;
using ::devstate::examples::Walk;
using ::devstate::examples::WalkDirectory;
using ::devstate::examples::WalkOptions;

constexpr int kRepetitions = 7;

struct Flags {
  uint64_t files = 150000;
  std::string folder = "/var/tmp";
};

[[noreturn]] void Fail(absl::string_view what) {
  absl::FPrintF(stderr, "restore: %s\n", what);
  std::exit(1);
}

// The same system calls for the same files, and nothing else.
absl::Status OpenAll(const std::string& root, size_t directories,
                     size_t threads) {
  const FileDescriptor top(
      open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return RunParts(directories, threads, [&](size_t, size_t part) {
    const FileDescriptor directory =
        OpenBeneath(top.get(), DirectoryName(part), O_PATH | O_DIRECTORY);
    for (size_t f = 0; f < kFilesOfADirectory; ++f) {
      const FileDescriptor fd =
          OpenBeneath(directory.get(), FileName(f), O_PATH);
      if (!ReadFacts(fd.get()).has_value()) {
        return absl::NotFoundError("a file is gone");
      }
    }
    return absl::OkStatus();
  });
}

struct Variant {
  std::string name;
  std::function<absl::Status()> run;
  std::vector<double> wall;
  std::vector<double> processor;
};

int Run(const Flags& flags) {
  const ManyFiles files(flags.folder, flags.files);
  if (!files.ok()) Fail("cannot make the files");
  const std::string& root = files.root();
  const size_t directories = files.directories();
  WalkOptions walk_options;
  walk_options.open_every = 0;
  const absl::StatusOr<Walk> walk = WalkDirectory(root, walk_options);
  if (!walk.ok()) Fail(walk.status().message());
  const size_t processors = UsableProcessors();
  const auto refind = [&](size_t threads) {
    RefindOptions options;
    options.threads = threads;
    return Refind(walk->table, root, options).status();
  };
  std::vector<Variant> variants = {
      {"found again, 1 thread", [&] { return refind(1); }, {}, {}},
      {absl::StrCat("found again, ", processors, " threads"),
       [&] { return refind(processors); },
       {},
       {}},
      {"calls alone, 1 thread",
       [&] { return OpenAll(root, directories, 1); },
       {},
       {}},
      {absl::StrCat("calls alone, ", processors, " threads"),
       [&] { return OpenAll(root, directories, processors); },
       {},
       {}},
  };
  for (int i = 0; i < kRepetitions; ++i) {
    for (Variant& variant : variants) {
      const double before = ProcessorMilliseconds();
      const absl::Time start = absl::Now();
      const absl::Status status = variant.run();
      variant.wall.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
      variant.processor.push_back(ProcessorMilliseconds() - before);
      if (!status.ok()) Fail(status.message());
    }
  }
  absl::PrintF("%d inodes\n", walk->table.inodes.size());
  const double base = Median(variants[0].wall);
  for (const Variant& variant : variants) {
    const double wall = Median(variant.wall);
    absl::PrintF("%-24s %8.1f ms  %8.1f ms of the processor  %5.2f times\n",
                 variant.name, wall, Median(variant.processor), wall / base);
  }
  // Of all processors, next to one and to the calls alone.
  for (const size_t other : {size_t{0}, size_t{3}}) {
    std::vector<double> ratios;
    for (int i = 0; i < kRepetitions; ++i) {
      ratios.push_back(variants[1].wall[i] / variants[other].wall[i]);
    }
    AddFigure("restore",
              absl::StrCat(variants[1].name, " / ", variants[other].name),
              "times the time", ratios);
  }
  return 0;
}

int Main(int argc, char** argv) {
  Flags flags;
  Command program("restore", "Times how the files of a table are found again");
  program.AddOption("--files", &flags.files, "About how many files")
      .ShowDefault();
  program.AddOption("--folder", &flags.folder, "Where to make them")
      .ShowDefault();
  program.run = [&flags] { return Run(flags); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) { return devstate::bench::Main(argc, argv); }
