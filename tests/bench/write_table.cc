// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes the generated inode table as a state, for benchmarks of the command.
//
//   bazel run //tests/bench:write_table -- --records 1000000 fs.dstate

#include <fcntl.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/fd_stream.h"
#include "tests/bench/inode_row.h"
#include "tests/bench/inode_table.h"

namespace devstate::bench {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateWriter;

struct Flags {
  std::string file;
  size_t records = 1000000;
  size_t changed_each = 0;
  std::string compression = "automatic";
};

absl::Status Run(const Flags& flags) {
  InodeTable table = GenerateTable(flags.records);
  for (size_t i = 0; flags.changed_each != 0 && i < flags.records;
       i += flags.changed_each) {
    ++table.inodes[i].refcount;
  }
  WriterOptions options;
  options.implementation.name = "bench";
  DS_ASSIGN_OR_RETURN(options.compression,
                      Compression::Parse(flags.compression));
  FileDescriptor file(
      open(flags.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.get() < 0) return absl::NotFoundError(flags.file);
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(std::move(file), ChannelUse::kWrite));
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<FdSink> sink,
                      FdSink::Create(std::move(channel)));
  FsStateWriter writer(sink.get(), options);
  FsState root;
  root.set_next_inode(flags.records + 1);
  DS_RETURN_IF_ERROR(WriteTable(table, root, writer));
  return sink->Finish();
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) {
  devstate::bench::Flags flags;
  devstate::Command program("write_table", "Writes an inode table as a state");
  program.AddOption("FILE", &flags.file, "State to write").Required();
  program.AddOption("--records", &flags.records, "Inodes in the table")
      .ShowDefault();
  program
      .AddOption("--changed-each", &flags.changed_each,
                 "Change each N-th inode, to compare with; 0: none")
      .Value("N")
      .ShowDefault();
  program
      .AddOption("--compression", &flags.compression,
                 "automatic, raw, zstd or zstd:LEVEL")
      .ShowDefault();
  program.run = [&flags] {
    const absl::Status status = devstate::bench::Run(flags);
    if (status.ok()) return 0;
    absl::FPrintF(stderr, "write_table: %s\n", status.ToString());
    return 1;
  };
  return devstate::RunCommand(program, argc, argv);
}
