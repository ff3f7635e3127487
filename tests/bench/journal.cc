// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Updates a record of 64 bytes in a journal, next to the plain store and the
// plain write of 64 bytes that nothing can be faster than.
//
//   bazel run //tests/bench:journal
//
// Prints the processor's time for an update, each the median of several
// journals of 20000 updates, and how often the plain way fits into it. An
// update waits for nothing, so that this is its time where no other process
// wants the processor.

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/recovery/state_store.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "tests/bench/median.h"
#include "tests/bench/slots.devstate.h"

namespace devstate::bench {
namespace {

using ::bench::SlotRow;
using ::bench::SlotsState;
using ::bench::SlotsStateWriter;

constexpr uint64_t kSlots = 1024;
constexpr int kUpdates = 20000;
constexpr int kRepetitions = 9;
constexpr size_t kRecordBytes = 64;

[[noreturn]] void Fail(absl::string_view what) {
  absl::FPrintF(stderr, "journal: %s\n", what);
  std::exit(1);
}

// The time that this thread has had of a processor, in nanoseconds.
double Now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e9 * static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec);
}

// An update of the slot `i` that leaves no number as it was.
SlotRow Slot(uint64_t i, uint64_t update) {
  SlotRow row;
  row.id = i;
  row.owner = update * 0x9e3779b97f4a7c15;
  row.refcount = update;
  row.address = row.owner << 12;
  row.size = row.owner >> 40;
  row.offset = row.owner >> 20;
  row.changed_ns = static_cast<int64_t>(1'700'000'000'000'000'000 + update);
  row.flags = static_cast<uint32_t>(row.owner >> 32);
  row.mode = 0100644;
  return row;
}

// --- What nothing can be faster than ---

// A file on the file system of the journals that has no name.
int TemporaryFile(const std::string& folder, size_t size) {
  const int fd = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 || posix_fallocate(fd, 0, static_cast<off_t>(size)) != 0) {
    Fail(absl::StrCat("no temporary file in ", folder));
  }
  return fd;
}

double PlainStores(const std::string& folder) {
  constexpr size_t kSize = kUpdates * kRecordBytes;
  const int fd = TemporaryFile(folder, kSize);
  void* const map =
      mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) Fail("no mapping");
  const double start = Now();
  for (int i = 0; i < kUpdates; ++i) {
    const uint64_t record[kRecordBytes / 8] = {static_cast<uint64_t>(i)};
    std::memcpy(static_cast<char*>(map) + i * kRecordBytes, record,
                sizeof(record));
  }
  const double time = Now() - start;
  munmap(map, kSize);
  close(fd);
  return time;
}

double PlainWrites(const std::string& folder) {
  const int fd = TemporaryFile(folder, 1);
  const double start = Now();
  for (int i = 0; i < kUpdates; ++i) {
    const uint64_t record[kRecordBytes / 8] = {static_cast<uint64_t>(i)};
    if (pwrite(fd, record, sizeof(record), i * kRecordBytes) < 0) {
      Fail("no write");
    }
  }
  const double time = Now() - start;
  close(fd);
  return time;
}

// --- Journals ---

enum class RootOf { kStart, kUpdate };

absl::StatusOr<double> Updates(const std::string& folder,
                                       JournalWay way, RootOf root_of) {
  StateStoreOptions options;
  options.directory = folder;
  options.way = way;
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<StateStore> store,
                      StateStore::Open(options));
  DS_ASSIGN_OR_RETURN(JournalSink* const sink, store->Begin());
  WriterOptions writer_options;
  writer_options.limits = options.limits;
  SlotsStateWriter writer(sink, writer_options);
  SlotsState root;
  root.set_slots_in_use(kSlots);
  DS_RETURN_IF_ERROR(writer.BeginRound(root));
  for (uint64_t i = 0; i < kSlots; ++i) {
    DS_RETURN_IF_ERROR(writer.AddSlots(Slot(i, 0)));
  }
  DS_RETURN_IF_ERROR(writer.EndRound());
  DS_RETURN_IF_ERROR(store->Publish());
  const double start = Now();
  for (uint64_t i = 0; i < kUpdates; ++i) {
    if (root_of == RootOf::kUpdate) root.set_updates(i + 1);
    DS_RETURN_IF_ERROR(writer.BeginRound(root));
    DS_RETURN_IF_ERROR(writer.AddSlots(Slot(i % kSlots, i)));
    DS_RETURN_IF_ERROR(writer.EndRound());
  }
  return Now() - start;
}

// --- Runs ---

struct Variant {
  const char* name;
  // The variant that is the plain way.
  size_t plain;
  absl::StatusOr<double> (*run)(const std::string& folder);
};

constexpr Variant kVariants[] = {
    {"plain store", 0,
     [](const std::string& folder) -> absl::StatusOr<double> {
       return PlainStores(folder);
     }},
    {"plain write", 1,
     [](const std::string& folder) -> absl::StatusOr<double> {
       return PlainWrites(folder);
     }},
    {"mapped", 0,
     [](const std::string& folder) {
       return Updates(folder, JournalWay::kMap, RootOf::kStart);
     }},
    {"mapped, new root", 0,
     [](const std::string& folder) {
       return Updates(folder, JournalWay::kMap, RootOf::kUpdate);
     }},
    {"appended", 1,
     [](const std::string& folder) {
       return Updates(folder, JournalWay::kAppend, RootOf::kStart);
     }},
    {"appended, new root", 1,
     [](const std::string& folder) {
       return Updates(folder, JournalWay::kAppend, RootOf::kUpdate);
     }},
};

void Run(const std::string& parent) {
  std::string folder = absl::StrCat(parent, "/devstate-journal-XXXXXX");
  if (mkdtemp(&folder[0]) == nullptr) {
    Fail(absl::StrCat("no folder in ", parent));
  }
  std::vector<double> times[std::size(kVariants)];
  for (int i = 0; i < kRepetitions; ++i) {
    for (size_t v = 0; v < std::size(kVariants); ++v) {
      const auto time = kVariants[v].run(folder);
      if (!time.ok()) Fail(time.status().message());
      times[v].push_back(*time / kUpdates);
    }
  }
  if (std::system(absl::StrCat("rm -r ", folder).c_str()) != 0) {
    Fail(absl::StrCat("cannot remove ", folder));
  }
  for (size_t v = 0; v < std::size(kVariants); ++v) {
    const double time = Median(times[v]);
    absl::PrintF("%-20s %8.0f ns  %6.1f times the plain way\n",
                 kVariants[v].name, time,
                 time / Median(times[kVariants[v].plain]));
  }
}

int Main(int argc, char** argv) {
  std::string folder = "/dev/shm";
  Command program("journal", "What an update of a record in a journal costs");
  program.AddOption("--folder", &folder, "Where the journals are, on tmpfs")
      .ShowDefault();
  program.run = [&folder] {
    Run(folder);
    return 0;
  };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) { return devstate::bench::Main(argc, argv); }
