// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes golden streams of the release of fs_backend that it is linked with:
//
//   bazel run //tests/history:write_fs_golden_v2 -- $PWD/tests/golden
//
// Once, at a release: golden streams stay as they are, for ever.

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "examples/fs_backend/fs_device.h"
#include "examples/fs_backend/release.h"
#include "tests/history/golden_file.h"
#include "tests/history/golden_table.h"

namespace devstate::testing {
namespace {

using ::devices::fs::v1::FsStateCodec;
using examples::InodeTable;

absl::Status WriteOne(const std::string& path, InodeTable table) {
  examples::Walk state;
  state.table = std::move(table);
  examples::FsDevice device("/nowhere", std::move(state));
  return WriteGolden<FsStateCodec>(path, "devstate-fs-backend", &device);
}

absl::Status WriteAll(const std::string& folder) {
  const uint32_t version = FsStateCodec::Schema().version;
  const std::string stem = absl::StrCat(folder, "/fs_v", version);
  absl::Status status = WriteOne(stem + ".dstate", GoldenTable());
  if (examples::FeaturesOfRelease().locks) {
    InodeTable table = GoldenTable();
    AddChangeTimes(&table);
    status.Update(WriteOne(stem + "_times.dstate", table));
    AddLocks(&table);
    if (version >= 3) AddWideFlags(&table);
    status.Update(WriteOne(stem + "_locks.dstate", table));
  }
  return status;
}

}  // namespace
}  // namespace devstate::testing

int main(int argc, char** argv) {
  return devstate::testing::WriteGoldens(argc, argv,
                                         &devstate::testing::WriteAll);
}
