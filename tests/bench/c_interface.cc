// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What records cost through the C interface, beside generated C++: one inode
// table, written to memory and read from it.
//
//   bazel run //tests/bench:c_interface -- --records 1000000
//
// Every repetition runs every variant once, on one thread, by its CPU time;
// what counts are the ratios. All variants write the same bytes.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate-c.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/devstate.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/third_party/cli11/command_line.h"
#include "tests/bench/inode_row.h"
#include "tests/bench/inode_table.h"
#include "tests/bench/median.h"

namespace devstate::bench {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateVisitor;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodeRow;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathsBatch;

constexpr uint64_t kBlock = 128;

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "%s: %s\n", what, devstate_error());
  std::exit(1);
}

double CpuNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 +
         static_cast<double>(now.tv_nsec);
}

// --- Writing ---

class Memory : public ByteSink {
 public:
  explicit Memory(std::string* bytes) : bytes_(*bytes) {}
  absl::Status Write(absl::string_view piece) override {
    bytes_.append(piece.data(), piece.size());
    return absl::OkStatus();
  }

 private:
  std::string& bytes_;
};

int AppendTo(void* context, const void* data, size_t size) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                             size);
  return 0;
}

void WriteInCpp(const InodeTable& table, const std::string& compression,
                std::string* bytes) {
  WriterOptions options;
  options.compression = *Compression::Parse(compression);
  options.use_second_thread = false;
  Memory sink(bytes);
  FsStateWriter writer(&sink, options);
  Check(WriteTable(table, FsState(), writer).ok(), "C++: a table");
}

void FillStruct(const InodeTable& table, const LiveInode& inode,
                devices_fs_v1_inode* row) {
  const absl::string_view name = table.NameOf(inode);
  row->id = inode.id;
  row->refcount = inode.refcount;
  row->location_case = DEVICES_FS_V1_INODE_LOCATION_PATH;
  row->location.path.parent = inode.parent;
  row->location.path.name = {name.data(), name.size()};
  row->has_verification_handle = true;
  row->verification_handle.mount_id = inode.mount_id;
  row->verification_handle.type = inode.handle_type;
  row->verification_handle.handle = {inode.handle, sizeof(inode.handle)};
  row->has_attributes = true;
  row->attributes.mode = inode.mode;
  row->attributes.ino = inode.ino;
}

void WriteInC(const InodeTable& table, const std::string& compression,
              size_t at_once, std::string* bytes) {
  devstate_write_options options = {};
  options.size = sizeof(options);
  options.flags = DEVSTATE_WRITE_ONE_THREAD;
  options.compression = compression.c_str();
  devstate_writer* writer = devstate_writer_open(&devices_fs_v1_fs_state_schema,
                                                 &AppendTo, bytes, &options);
  Check(writer != nullptr, "devstate_writer_open");
  const devices_fs_v1_fs_state root = {};
  Check(devices_fs_v1_fs_state_begin(writer, &root) == 0, "begin");
  static devices_fs_v1_inode rows[kBlock];
  for (size_t i = 0; i < table.inodes.size(); i += at_once) {
    const size_t count = std::min(at_once, table.inodes.size() - i);
    for (size_t j = 0; j < count; ++j) {
      FillStruct(table, table.inodes[i + j], &rows[j]);
    }
    Check(devices_fs_v1_fs_state_add_inodes(writer, rows, count) == 0, "add");
  }
  Check(devstate_writer_finish(writer) == 0, "finish");
  devstate_writer_free(writer);
}

// --- Reading: the sum of what every field says ---

class Source : public ByteSource {
 public:
  explicit Source(absl::string_view bytes) : rest_(bytes) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    size = std::min(size, rest_.size());
    std::memcpy(buffer, rest_.data(), size);
    rest_.remove_prefix(size);
    return size;
  }

 private:
  absl::string_view rest_;
};

ptrdiff_t TakeFrom(void* context, void* data, size_t size) {
  auto& rest = *static_cast<absl::string_view*>(context);
  size = std::min(size, rest.size());
  std::memcpy(data, rest.data(), size);
  rest.remove_prefix(size);
  return static_cast<ptrdiff_t>(size);
}

uint64_t FirstByte(const void* data, size_t size) {
  return size == 0 ? 0 : *static_cast<const unsigned char*>(data);
}

class Summing : public FsStateVisitor {
 public:
  absl::Status OnRoot(const FsState&) override { return absl::OkStatus(); }
  absl::Status OnInodes(InodesBatch& batch) override {
    InodeRow row;
    while (batch.Next(&row)) {
      sum += row.id + row.refcount + row.path->parent + row.path->name.size() +
             FirstByte(row.path->name.data(), row.path->name.size()) +
             row.verification_handle->mount_id +
             static_cast<uint64_t>(row.verification_handle->type) +
             FirstByte(row.verification_handle->handle.data(),
                       row.verification_handle->handle.size()) +
             row.attributes->mode + row.attributes->ino;
    }
    return absl::OkStatus();
  }
  absl::Status OnHandles(HandlesBatch&) override { return absl::OkStatus(); }
  absl::Status OnMountPaths(MountPathsBatch&) override {
    return absl::OkStatus();
  }

  uint64_t sum = 0;
};

uint64_t ReadInCpp(const std::string& bytes) {
  Source source(bytes);
  FsStateReader reader(&source);
  Summing summing;
  Check(reader.Read(summing).ok(), "C++: Read");
  return summing.sum;
}

uint64_t ReadInC(const std::string& bytes) {
  absl::string_view rest = bytes;
  devstate_reader* reader = devstate_reader_open(&devices_fs_v1_fs_state_schema,
                                                 &TakeFrom, &rest, nullptr);
  Check(reader != nullptr, "devstate_reader_open");
  uint64_t sum = 0;
  const devstate_batch* batch;
  int more;
  while ((more = devstate_reader_next(reader, &batch)) == 1) {
    const devices_fs_v1_inode* row = devices_fs_v1_fs_state_get_inodes(batch);
    if (row == nullptr) continue;
    for (const devices_fs_v1_inode* end = row + batch->count; row != end;
         ++row) {
      const devstate_bytes& name = row->location.path.name;
      const devstate_bytes& handle = row->verification_handle.handle;
      sum += row->id + row->refcount + row->location.path.parent + name.size +
             FirstByte(name.data, name.size) +
             row->verification_handle.mount_id +
             static_cast<uint64_t>(row->verification_handle.type) +
             FirstByte(handle.data, handle.size) + row->attributes.mode +
             row->attributes.ino;
    }
  }
  Check(more == 0, "devstate_reader_next");
  devstate_reader_free(reader);
  return sum;
}

// --- Running ---

struct Variant {
  std::string name;
  std::function<void()> run;
  std::vector<double> ns = {};
};

// Prints the medians, and their ratios to that of the first.
void Compare(const char* what, size_t records, uint32_t repetitions,
             std::vector<Variant> variants) {
  for (uint32_t i = 0; i < repetitions; ++i) {
    for (Variant& variant : variants) {
      const double start = CpuNs();
      variant.run();
      variant.ns.push_back((CpuNs() - start) / static_cast<double>(records));
    }
  }
  const double first = Median(variants[0].ns);
  for (const Variant& variant : variants) {
    const double median = Median(variant.ns);
    std::printf("%-12s %-22s %8.1f ns a record %8.2f\n", what,
                variant.name.c_str(), median, median / first);
  }
}

int Run(size_t records, uint32_t repetitions,
        const std::vector<size_t>& at_once) {
  const InodeTable table = GenerateTable(records);
  // As in a back-end, whose engine has opened the schema long before.
  std::string unused;
  devstate_writer* opened = devstate_writer_open(&devices_fs_v1_fs_state_schema,
                                                 &AppendTo, &unused, nullptr);
  Check(opened != nullptr, "devstate_writer_open");
  for (const char* compression : {"raw", "zstd:1"}) {
    std::string cpp;
    std::string c;
    std::vector<Variant> writers = {{"write, C++", [&] {
                                       cpp.clear();
                                       WriteInCpp(table, compression, &cpp);
                                     }}};
    for (const size_t count : at_once) {
      writers.push_back(
          {absl::StrCat("write, C, ", count, " at once"), [&, count] {
             c.clear();
             WriteInC(table, compression, count, &c);
           }});
    }
    Compare(compression, records, repetitions, std::move(writers));
    Check(c == cpp, "the streams differ");
    uint64_t cpp_sum = 0;
    uint64_t c_sum = 0;
    Compare(compression, records, repetitions,
            {{"read, C++", [&] { cpp_sum = ReadInCpp(cpp); }},
             {"read, C", [&] { c_sum = ReadInC(cpp); }}});
    Check(cpp_sum == c_sum, "the sums differ");
  }
  devstate_writer_free(opened);
  return 0;
}

int Main(int argc, char** argv) {
  uint64_t records = 100000;
  uint32_t repetitions = 15;
  Command program("c_interface", "What records cost through the C interface");
  program.AddOption("--records", &records, "Inodes in the table").ShowDefault();
  program.AddOption("--repetitions", &repetitions, "Runs of each variant")
      .ShowDefault();
  uint64_t at_once = 0;
  program.AddOption("--at-once", &at_once,
                    "Records in a call, at most 128. Default: 128, and 1");
  program.run = [&] {
    return Run(records, repetitions,
               at_once == 0 ? std::vector<size_t>{kBlock, 1}
                            : std::vector<size_t>{std::min(at_once, kBlock)});
  };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) { return devstate::bench::Main(argc, argv); }
