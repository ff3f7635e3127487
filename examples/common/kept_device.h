// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of an example's device in the folder of --state-dir.

#ifndef DEVSTATE_EXAMPLES_COMMON_KEPT_DEVICE_H_
#define DEVSTATE_EXAMPLES_COMMON_KEPT_DEVICE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/backend/backend.h"
#include "devstate/recovery/kept_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/common/backend_process.h"

namespace devstate::examples {

// A device whose state is in a folder while it runs, so that a process that is
// killed leaves it to the next one. Without a folder it is not kept.
template <typename Codec>
class KeptDevice {
 public:
  // Loads what is in the folder. Nothing is there at the first start, and
  // loaded() is false then. Requires: `device` outlives the result.
  static absl::StatusOr<KeptDevice> Open(const std::string& folder,
                                         StateHandler<Codec>& handler,
                                         const WriterOptions& writer,
                                         StateDevice<Codec>* device) {
    KeptDevice result;
    if (folder.empty()) return result;
    KeptStateOptions options;
    options.store.directory = folder;
    options.writer = writer;
    DS_ASSIGN_OR_RETURN(
        result.kept_,
        KeptState<Codec>::Open(std::move(options),
                               [device](typename Codec::Writer& state) {
                                 return device->SaveState(state);
                               }));
    DS_ASSIGN_OR_RETURN(const Recovery recovery, result.kept_->Load(handler));
    for (const std::string& line : recovery.log) Log(line);
    result.loaded_ = recovery.generation != 0;
    return result;
  }

  bool loaded() const { return loaded_; }

  // Keeps all of the state, for a device that has another one now.
  absl::Status Start() {
    return kept_ == nullptr ? absl::OkStatus() : kept_->Start();
  }
  // Keeps a change (KeptState::Update).
  template <typename Change>
  absl::Status Update(const typename Codec::Root& root, const Change& change) {
    return kept_ == nullptr ? absl::OkStatus() : kept_->Update(root, change);
  }

 private:
  KeptDevice() = default;

  std::unique_ptr<KeptState<Codec>> kept_;
  bool loaded_ = false;
};

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_COMMON_KEPT_DEVICE_H_
