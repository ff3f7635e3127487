// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a state costs that goes through memory: a generated inode table is
// written to a memfd in four ways, and loaded from one in two.
//
//   bazel run //tests/bench:shared_memory -- --records 1000000

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/fd_stream.h"
#include "tests/bench/counting_visitor.h"
#include "tests/bench/inode_row.h"
#include "tests/bench/inode_table.h"
#include "tests/bench/median.h"

namespace devstate::bench {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateWriter;

WriterOptions RawOptions() {
  WriterOptions options;
  options.compression = Compression::Raw();
  options.use_second_thread = false;
  return options;
}

absl::Status Save(const InodeTable& table, ByteSink* sink) {
  FsStateWriter writer(sink, RawOptions());
  return WriteTable(table, FsState(), writer);
}

// Writes into memory that is mapped.
class MemorySink : public ByteSink {
 public:
  explicit MemorySink(char* at) : at_(at) {}
  absl::Status Write(absl::string_view bytes) override {
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
    return absl::OkStatus();
  }

 private:
  char* at_;
};

FileDescriptor Memory() {
  return FileDescriptor(memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

// Returns `memory` as a second descriptor, for a channel that closes its own.
FileDescriptor Copy(const FileDescriptor& memory) {
  return FileDescriptor(dup(memory.get()));
}

absl::Status SaveToFile(const InodeTable& table, const FileDescriptor& memory) {
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(Copy(memory), ChannelUse::kWrite));
  DS_ASSIGN_OR_RETURN(const auto sink, FdSink::Create(std::move(channel)));
  return Save(table, sink.get());
}

absl::Status SaveToMap(const InodeTable& table, const FileDescriptor& memory,
                       size_t size, void* map) {
  if (ftruncate(memory.get(), static_cast<off_t>(size)) != 0) {
    return absl::InternalError("ftruncate");
  }
  void* const at = map != nullptr ? map
                                  : mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                         MAP_SHARED, memory.get(), 0);
  if (at == MAP_FAILED) return absl::InternalError("mmap");
  MemorySink sink(static_cast<char*>(at));
  const absl::Status saved = Save(table, &sink);
  munmap(at, size);
  return saved;
}

absl::Status Load(const FileDescriptor& memory, uint64_t* sum) {
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(Copy(memory), ChannelUse::kRead));
  DS_ASSIGN_OR_RETURN(const auto source, FdSource::Create(std::move(channel)));
  FsStateReader reader(source.get());
  CountingVisitor visitor;
  DS_RETURN_IF_ERROR(reader.Read(visitor));
  *sum = visitor.sum();
  return absl::OkStatus();
}

double MillisecondsOf(const std::function<absl::Status()>& work) {
  const absl::Time start = absl::Now();
  const absl::Status status = work();
  const absl::Time end = absl::Now();
  if (!status.ok()) {
    absl::FPrintF(stderr, "%s\n", status.message());
    std::exit(1);
  }
  return absl::ToDoubleMilliseconds(end - start);
}

// How the memory is made before the clock starts, and how it is written.
enum class Way { kFile, kFileAllocated, kMap, kMapTouched };

double TimeOfSave(const InodeTable& table, size_t size, Way way) {
  const FileDescriptor memory = Memory();
  const auto length = static_cast<off_t>(size);
  void* map = nullptr;
  if (way == Way::kFileAllocated) {
    if (fallocate(memory.get(), FALLOC_FL_KEEP_SIZE, 0, length) != 0) {
      std::exit(1);
    }
  } else if (way == Way::kMapTouched) {
    if (ftruncate(memory.get(), length) != 0) std::exit(1);
    map = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
               memory.get(), 0);
  }
  return MillisecondsOf([&] {
    return way == Way::kFile || way == Way::kFileAllocated
               ? SaveToFile(table, memory)
               : SaveToMap(table, memory, size, map);
  });
}

double TimeOfLoad(const InodeTable& table, bool sealed) {
  const FileDescriptor memory = Memory();
  if (!SaveToFile(table, memory).ok() ||
      (sealed &&
       fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK) != 0)) {
    std::exit(1);
  }
  static uint64_t expected = 0;
  uint64_t sum = 0;
  const double time = MillisecondsOf([&] { return Load(memory, &sum); });
  if (expected == 0) expected = sum;
  if (sum != expected) {
    absl::FPrintF(stderr, "the state that was loaded is another one\n");
    std::exit(1);
  }
  return time;
}

int Run(size_t records, size_t repetitions) {
  const InodeTable table = GenerateTable(records);
  NullSink nowhere;
  FsStateWriter counter(&nowhere, RawOptions());
  if (!WriteTable(table, FsState(), counter).ok()) return 1;
  const size_t size = counter.stream().bytes_written();

  struct Row {
    const char* name;
    std::function<double()> run;
    // The row that this one is compared with.
    size_t base;
    std::vector<double> times;
  };
  const auto save = [&](Way way) { return TimeOfSave(table, size, way); };
  Row rows[] = {
      {"save by write()", [&] { return save(Way::kFile); }, 0, {}},
      {"save by write(), allocated before",
       [&] { return save(Way::kFileAllocated); },
       0,
       {}},
      {"save in place", [&] { return save(Way::kMap); }, 0, {}},
      {"save in place, touched before",
       [&] { return save(Way::kMapTouched); },
       0,
       {}},
      {"load of a copy", [&] { return TimeOfLoad(table, false); }, 4, {}},
      {"load in place", [&] { return TimeOfLoad(table, true); }, 4, {}},
  };
  for (size_t i = 0; i < repetitions; ++i) {
    for (Row& row : rows) row.times.push_back(row.run());
  }
  absl::PrintF("%d inodes, %.1f MB raw\n", records,
               static_cast<double>(size) / 1e6);
  for (const Row& row : rows) {
    absl::PrintF("%-36s %7.1f ms %6.2f times\n", row.name, Median(row.times),
                 Median(rows[row.base].times) / Median(row.times));
  }
  return 0;
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) {
  devstate::Command program("shared_memory",
                            "What a state costs that goes through memory");
  size_t records = 1000000;
  size_t repetitions = 7;
  program.AddOption("--records", &records, "Inodes in the table").ShowDefault();
  program.AddOption("--repetitions", &repetitions, "Runs of each way")
      .Positive()
      .ShowDefault();
  program.run = [&] { return devstate::bench::Run(records, repetitions); };
  return devstate::RunCommand(program, argc, argv);
}
