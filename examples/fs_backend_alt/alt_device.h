// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The alternative example. It has nothing in common with fs_backend except the
// portable schema.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_ALT_ALT_DEVICE_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_ALT_ALT_DEVICE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "examples/fs_backend_alt/file_tree.h"

namespace devstate::examples::alt {

struct AltState {
  FileTree tree;
  // The agreement with the guest when it mounted, as other back-ends wrote it.
  devices::fs::v1::Session session;
  bool mounted = false;
  // The mounts of kernel handles, by number.
  std::map<uint64_t, std::string> mounts;
  // The private section. Nothing is wrong without it.
  std::vector<std::string> wanted_paths;
  uint32_t loads = 0;
};

// The device. Thread-safety: none; StateHandler does not need it to be.
class AltDevice : public StateDevice<devices::fs::v1::FsStateCodec> {
 public:
  AltDevice(std::string shared_dir, AltState state)
      : shared_dir_(std::move(shared_dir)), state_(std::move(state)) {}

  const AltState& state() const { return state_; }

  absl::Status SaveState(devices::fs::v1::FsStateWriter& writer) override;
  std::unique_ptr<StagedState<devices::fs::v1::FsStateCodec>> StageLoad()
      override;

 private:
  const std::string shared_dir_;
  AltState state_;
};

}  // namespace devstate::examples::alt

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_ALT_ALT_DEVICE_H_
