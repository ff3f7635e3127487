// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Moves a live inode table between two processes in formats that need no
// decoding, as Debian has them, next to devstate. Each ends with the same live
// table, because a device goes on with its own structs and not with a message.
// Neither has a checksum.
//
//   bazel run //tests/bench/formats -- --records 1000000

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <flatbuffers/flatbuffers.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/compression.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "tests/bench/figures.h"
#include "tests/bench/formats/inode.capnp.h"
#include "tests/bench/formats/inode_generated.h"
#include "tests/bench/inode_table.h"
#include "tests/bench/median.h"
#include "tests/bench/two_processes.h"
#include "tests/bench/variants.h"

namespace devstate::bench {
namespace {

absl::string_view Chars(const void* data, size_t size) {
  return {static_cast<const char*>(data), size};
}

// --- Cap'n Proto ---

absl::Status SendCapnProto(const InodeTable& table, int fd) {
  capnp::MallocMessageBuilder message(1 << 20);
  auto inodes = message.initRoot<capnproto::Table>().initInodes(
      static_cast<unsigned>(table.inodes.size()));
  unsigned next = 0;
  for (const LiveInode& live : table.inodes) {
    auto inode = inodes[next++];
    inode.setId(live.id);
    inode.setParent(live.parent);
    inode.setRefcount(live.refcount);
    inode.setIno(live.ino);
    inode.setMountId(live.mount_id);
    inode.setMode(live.mode);
    inode.setHandleType(live.handle_type);
    const absl::string_view name = table.NameOf(live);
    inode.setName(
        {reinterpret_cast<const kj::byte*>(name.data()), name.size()});
    inode.setHandle(
        {reinterpret_cast<const kj::byte*>(live.handle), sizeof(live.handle)});
  }
  capnp::writeMessageToFd(fd, message);
  return absl::OkStatus();
}

absl::Status ReceiveCapnProto(int fd, Received* received) {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = uint64_t{1} << 32;
  capnp::StreamFdMessageReader message(fd, options);
  AddWireBytes(message.getRoot<capnproto::Table>().totalSize().wordCount *
               sizeof(capnp::word));
  const auto inodes = message.getRoot<capnproto::Table>().getInodes();
  received->table.inodes.reserve(inodes.size());
  for (const auto inode : inodes) {
    LiveInode* const live =
        AppendInode(Chars(inode.getName().begin(), inode.getName().size()),
                    Chars(inode.getHandle().begin(), inode.getHandle().size()),
                    &received->table);
    if (live == nullptr) return absl::InvalidArgumentError("not an inode");
    live->id = inode.getId();
    live->parent = inode.getParent();
    live->refcount = inode.getRefcount();
    live->ino = inode.getIno();
    live->mount_id = inode.getMountId();
    live->mode = inode.getMode();
    live->handle_type = inode.getHandleType();
  }
  return absl::OkStatus();
}

// --- FlatBuffers ---

absl::Status SendFlatBuffers(const InodeTable& table, int fd) {
  flatbuffers::FlatBufferBuilder builder(1 << 20);
  std::vector<flatbuffers::Offset<flat::Inode>> inodes;
  inodes.reserve(table.inodes.size());
  for (const LiveInode& live : table.inodes) {
    const absl::string_view name = table.NameOf(live);
    const auto name_at = builder.CreateVector(
        reinterpret_cast<const uint8_t*>(name.data()), name.size());
    const auto handle_at = builder.CreateVector(
        reinterpret_cast<const uint8_t*>(live.handle), sizeof(live.handle));
    inodes.push_back(flat::CreateInode(
        builder, live.id, live.parent, live.refcount, live.ino, live.mount_id,
        live.mode, live.handle_type, name_at, handle_at));
  }
  builder.Finish(flat::CreateInodes(builder, builder.CreateVector(inodes)));
  return WriteAll(fd, Chars(builder.GetBufferPointer(), builder.GetSize()));
}

absl::Status ReceiveFlatBuffers(int fd, Received* received) {
  std::string bytes;
  DS_RETURN_IF_ERROR(ReadToEnd(fd, &bytes));
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), /*max_depth=*/64,
                                 /*max_tables=*/8'000'000);
  if (!flat::VerifyInodesBuffer(verifier)) return absl::DataLossError("table");
  const auto& inodes = *flat::GetInodes(data)->inodes();
  received->table.inodes.reserve(inodes.size());
  for (const flat::Inode* const inode : inodes) {
    if (inode->name() == nullptr || inode->handle() == nullptr) {
      return absl::InvalidArgumentError("not an inode");
    }
    LiveInode* const live =
        AppendInode(Chars(inode->name()->data(), inode->name()->size()),
                    Chars(inode->handle()->data(), inode->handle()->size()),
                    &received->table);
    if (live == nullptr) return absl::InvalidArgumentError("not an inode");
    live->id = inode->id();
    live->parent = inode->parent();
    live->refcount = inode->refcount();
    live->ino = inode->ino();
    live->mount_id = inode->mount_id();
    live->mode = inode->mode();
    live->handle_type = inode->handle_type();
  }
  return absl::OkStatus();
}

int Measure(size_t records, size_t repetitions) {
  const InodeTable table = GenerateTable(records);
  const std::vector<Variant> variants = {
      DevstateVariant("devstate raw", Compression::Raw()),
      {"Cap'n Proto", true, &SendCapnProto, &ReceiveCapnProto},
      {"FlatBuffers", true, &SendFlatBuffers, &ReceiveFlatBuffers},
  };
  const std::vector<std::vector<RunResult>> runs =
      RunEach(variants, table, repetitions, WarmRun(table));
  absl::PrintF("%d inodes, medians of %d runs\n%-16s %8s %8s %8s %10s\n",
               records, repetitions, "", "ms", "CPU ms", "bytes/", "devstate");
  for (size_t v = 0; v < variants.size(); ++v) {
    const std::vector<double> speedups = PairedSpeedups(runs[0], runs[v]);
    absl::PrintF(
        "%-16s %8.1f %8.1f %8.1f %10.2f\n", variants[v].name,
        MedianOf(runs[v], [](const RunResult& r) { return r.wall_ms; }),
        MedianOf(runs[v],
                 [](const RunResult& r) {
                   return r.source.cpu_ms + r.destination.cpu_ms;
                 }),
        static_cast<double>(runs[v][0].destination.wire_bytes) /
            static_cast<double>(records),
        Median(speedups));
    if (v == 0) continue;
    AddFigure("transfer", absl::StrCat(variants[v].name, " / devstate raw"),
              "times the time", speedups);
  }
  return 0;
}

int Main(int argc, char** argv) {
  Command program("formats", "Moves an inode table in other formats");
  size_t records = 1000000;
  size_t repetitions = 11;
  program.AddOption("--records", &records, "Inodes in the table")
      .InRange(1, 2000000)
      .ShowDefault();
  program.AddOption("--repetitions", &repetitions, "Runs of each format")
      .Positive()
      .ShowDefault();
  program.run = [&] { return Measure(records, repetitions); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) { return devstate::bench::Main(argc, argv); }
