// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A small device whose stream has several chunks.

#ifndef TESTS_FAULTS_DISK_DEVICE_H_
#define TESTS_FAULTS_DISK_DEVICE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "devstate/backend/backend.h"
#include "tests/faults/disk.devstate.h"

namespace devstate::faults {

struct Disk {
  uint64_t writes = 0;
  std::map<uint32_t, std::string> blocks;

  bool operator==(const Disk& other) const {
    return writes == other.writes && blocks == other.blocks;
  }
};

// Returns a disk of `count` blocks that `seed` alone determines. Their bytes
// cannot be compressed.
Disk MakeDisk(uint64_t seed, uint32_t count = 20);

// The options of its streams: chunks of a few blocks, zstd for each.
WriterOptions DiskWriterOptions();

absl::Status Write(const Disk& disk, ByteSink& sink);
// Writes a round of a journal: `writes`, and the blocks that `before` has not
// or has otherwise. None may be missing.
absl::Status WriteRound(const Disk& before, const Disk& after,
                        test::disk::DiskStateWriter& writer);
// Reads a whole state. `disk` counts only if the result is OK.
absl::Status Read(ByteSource& source, const Limits& limits, Disk* disk);

class DiskDevice : public StateDevice<test::disk::DiskStateCodec> {
 public:
  absl::Status SaveState(test::disk::DiskStateWriter& writer) override;
  std::unique_ptr<StagedState<test::disk::DiskStateCodec>> StageLoad() override;

  Disk disk;
};

}  // namespace devstate::faults

#endif  // TESTS_FAULTS_DISK_DEVICE_H_
