// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/faults/disk_device.h"

#include <random>
#include <utility>

#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::faults {
namespace {

using ::devstate::test::disk::BlockRow;
using ::devstate::test::disk::BlocksBatch;
using ::devstate::test::disk::DiskState;
using ::devstate::test::disk::DiskStateCodec;
using ::devstate::test::disk::DiskStateReader;
using ::devstate::test::disk::DiskStateWriter;

constexpr size_t kBlockSize = 400;

absl::Status AddBlock(uint32_t number, const std::string& content,
                      DiskStateWriter& writer) {
  BlockRow row;
  row.number = number;
  row.content = content;
  return writer.AddBlocks(row);
}

absl::Status WriteAll(const Disk& disk, DiskStateWriter& writer) {
  DiskState root;
  root.set_writes(disk.writes);
  DS_RETURN_IF_ERROR(writer.Begin(root));
  for (const auto& [number, content] : disk.blocks) {
    DS_RETURN_IF_ERROR(AddBlock(number, content, writer));
  }
  return absl::OkStatus();
}

class Staged : public StagedState<DiskStateCodec> {
 public:
  explicit Staged(Disk* disk) : disk_(*disk) {}

  absl::Status OnRoot(const DiskState& root) override {
    staged_.writes = root.writes();
    return absl::OkStatus();
  }
  absl::Status OnBlocks(BlocksBatch& batch) override {
    BlockRow row;
    while (batch.Next(&row)) {
      staged_.blocks[row.number] = std::string(row.content);
    }
    return absl::OkStatus();
  }
  absl::Status Prepare() override { return absl::OkStatus(); }
  absl::Status Commit() override {
    disk_ = std::move(staged_);
    return absl::OkStatus();
  }

 private:
  Disk& disk_;
  Disk staged_;
};

}  // namespace

Disk MakeDisk(uint64_t seed, uint32_t count) {
  std::mt19937_64 random(seed);
  Disk disk;
  disk.writes = seed;
  for (uint32_t number = 0; number < count; ++number) {
    std::string& content = disk.blocks[number];
    while (content.size() < kBlockSize) {
      content.push_back(static_cast<char>(random()));
    }
    // And something that can.
    content.append(kBlockSize / 4, 'x');
  }
  return disk;
}

WriterOptions DiskWriterOptions() {
  WriterOptions options;
  options.max_batch_records = 4;
  return options;
}

absl::Status Write(const Disk& disk, ByteSink& sink) {
  DiskStateWriter writer(&sink, DiskWriterOptions());
  DS_RETURN_IF_ERROR(WriteAll(disk, writer));
  return writer.Finish();
}

absl::Status WriteRound(const Disk& before, const Disk& after,
                        DiskStateWriter& writer) {
  DiskState root;
  root.set_writes(after.writes);
  DS_RETURN_IF_ERROR(writer.BeginRound(root));
  for (const auto& [number, content] : after.blocks) {
    const auto old = before.blocks.find(number);
    if (old != before.blocks.end() && old->second == content) continue;
    DS_RETURN_IF_ERROR(AddBlock(number, content, writer));
  }
  return writer.EndRound();
}

absl::Status Read(ByteSource& source, const Limits& limits, Disk* disk) {
  DiskStateReader reader(&source, limits);
  Staged staged(disk);
  DS_RETURN_IF_ERROR(reader.Read(staged));
  return staged.Commit();
}

absl::Status DiskDevice::SaveState(DiskStateWriter& writer) {
  return WriteAll(disk, writer);
}

std::unique_ptr<StagedState<DiskStateCodec>> DiskDevice::StageLoad() {
  return std::make_unique<Staged>(&disk);
}

}  // namespace devstate::faults
