// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_COUNTING_VISITOR_H_
#define DEVSTATE_TESTS_BENCH_COUNTING_VISITOR_H_

#include <cstdint>

#include "absl/status/status.h"
#include "devices/fs/v1/fs.devstate.h"
#include "tests/bench/inode_row.h"

namespace devstate::bench {

// Looks at every row, and keeps none.
class CountingVisitor : public devices::fs::v1::FsStateVisitor {
 public:
  absl::Status OnRoot(const devices::fs::v1::FsState&) override {
    return absl::OkStatus();
  }
  absl::Status OnInodes(devices::fs::v1::InodesBatch& batch) override {
    devices::fs::v1::InodeRow row;
    while (batch.Next(&row)) {
      sum_ += row.id + row.path->name.size() + InoOf(row);
      ++rows_;
    }
    return absl::OkStatus();
  }
  absl::Status OnHandles(devices::fs::v1::HandlesBatch&) override {
    return absl::OkStatus();
  }
  absl::Status OnMountPaths(devices::fs::v1::MountPathsBatch&) override {
    return absl::OkStatus();
  }
  uint64_t rows() const { return rows_; }
  uint64_t sum() const { return sum_; }

 private:
  uint64_t rows_ = 0;
  uint64_t sum_ = 0;
};

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_COUNTING_VISITOR_H_
