// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of an example's device where --state-dir or --state-fdstore keeps
// it.

#ifndef DEVSTATE_EXAMPLES_COMMON_KEPT_DEVICE_H_
#define DEVSTATE_EXAMPLES_COMMON_KEPT_DEVICE_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/backend/backend.h"
#include "devstate/recovery/kept_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/service_manager.h"
#include "examples/common/backend_process.h"

namespace devstate::examples {

// A device whose state is in a folder, or with the service manager, while it
// runs, so that a process that is killed leaves it to the next one. Without
// either it is not kept.
template <typename Codec>
class KeptDevice {
 public:
  // Loads what is kept. That is nothing at the first start, and loaded() is
  // false then. Requires: `device` outlives the result, and no other thread
  // runs yet.
  static absl::StatusOr<KeptDevice> Open(const BackendFlags& flags,
                                         StateHandler<Codec>& handler,
                                         const WriterOptions& writer,
                                         StateDevice<Codec>* device) {
    KeptDevice result;
    if (flags.state_dir.empty() && !flags.state_fdstore) return result;
    KeptStateOptions options;
    options.store.directory = flags.state_dir;
    if (flags.state_fdstore) {
      result.manager_ = std::make_unique<ServiceManager>();
      options.store.manager = result.manager_.get();
    }
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

  std::unique_ptr<ServiceManager> manager_;
  std::unique_ptr<KeptState<Codec>> kept_;
  bool loaded_ = false;
};

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_COMMON_KEPT_DEVICE_H_
