// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_TRANSFER_IDS_DEVICE_H_
#define DEVSTATE_TESTS_TRANSFER_IDS_DEVICE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::testing {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodeRow;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathsBatch;

constexpr uint64_t kInodes = 100;

// Saves so many inodes, and remembers the ids of the inodes that were loaded
// last.
class IdsDevice : public StateDevice<FsStateCodec> {
 public:
  absl::Status SaveState(FsStateWriter& writer) override {
    DS_RETURN_IF_ERROR(writer.Begin(FsState()));
    InodeRow row;
    for (row.id = 1; row.id <= kInodes; ++row.id) {
      const std::string name = absl::StrCat("name-", row.id * row.id);
      row.path = {1, name};
      DS_RETURN_IF_ERROR(writer.AddInodes(row));
    }
    return absl::OkStatus();
  }

  std::unique_ptr<StagedState<FsStateCodec>> StageLoad() override {
    return std::make_unique<Staged>(&ids_);
  }

  const std::vector<uint64_t>& ids() const { return ids_; }

 private:
  class Staged : public StagedState<FsStateCodec> {
   public:
    explicit Staged(std::vector<uint64_t>* device) : device_(*device) {}
    absl::Status OnRoot(const FsState&) override { return absl::OkStatus(); }
    absl::Status OnInodes(InodesBatch& batch) override {
      InodeRow row;
      while (batch.Next(&row)) ids_.push_back(row.id);
      return absl::OkStatus();
    }
    absl::Status OnHandles(HandlesBatch&) override { return absl::OkStatus(); }
    absl::Status OnMountPaths(MountPathsBatch&) override {
      return absl::OkStatus();
    }
    absl::Status Prepare() override { return absl::OkStatus(); }
    absl::Status Commit() override {
      device_ = ids_;
      return absl::OkStatus();
    }

   private:
    std::vector<uint64_t>& device_;
    std::vector<uint64_t> ids_;
  };

  std::vector<uint64_t> ids_;
};

}  // namespace devstate::testing

#endif  // DEVSTATE_TESTS_TRANSFER_IDS_DEVICE_H_
