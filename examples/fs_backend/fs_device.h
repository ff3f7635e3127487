// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The example's device: an inode table that can be saved as a portable
// virtio-fs state and loaded from one.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_FS_DEVICE_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_FS_DEVICE_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "examples/fs_backend/directory_walker.h"
#include "examples/fs_backend/guest_updates.h"
#include "examples/fs_backend/inode_table.h"

namespace devstate::examples {

// The device. Thread-safety: none, but the inodes are read by the thread that
// prepares saves, with a lock.
class FsDevice : public StateDevice<devices::fs::v1::FsStateCodec> {
 public:
  // Shares the directory `shared_dir`, which is where a load finds its files.
  // `state` is what the guest has looked up and opened so far.
  FsDevice(std::string shared_dir, Walk state);

  const InodeTable& table() const { return state_.table; }
  // Returns how many files the guest's open handles hold open now.
  size_t open_files() const { return state_.open_files.size(); }
  // Returns how many files were changed between the source's look at them and
  // the load.
  size_t changed_files() const { return state_.changed_files; }

  // Takes what the guest has looked up and opened so far.
  void Begin(Walk state) { state_ = std::move(state); }
  // Changes the table as a guest would.
  TableChange Update(uint64_t update);
  // Return what belongs to no inode, and write the inodes of a change.
  devices::fs::v1::FsState Root() const;
  absl::Status SaveChange(const TableChange& change,
                          devices::fs::v1::FsStateWriter& writer) const;

  // Returns the features without a look at the records once more.
  std::optional<std::vector<std::string>> UsedFeatures() const override;
  absl::Status SaveState(devices::fs::v1::FsStateWriter& writer) override;
  std::vector<PreparedField*> Prepared() override { return {&inodes_}; }
  absl::Status SaveRound(devices::fs::v1::FsStateWriter& writer,
                         bool last) override;
  std::unique_ptr<StagedState<devices::fs::v1::FsStateCodec>> StageLoad()
      override;

 private:
  PreparedRecords<devices::fs::v1::FsStateCodec>::Options InodeOptions();
  // Writes the records that are no inodes.
  absl::Status SaveOthers(devices::fs::v1::FsStateWriter& writer) const;

  const std::string shared_dir_;
  Walk state_;
  // Held while inodes change or are prepared.
  std::mutex inodes_mutex_;
  // By their ids.
  PreparedRecords<devices::fs::v1::FsStateCodec> inodes_;
};

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_FS_DEVICE_H_
