// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_STATE_HANDLER_H_
#define DEVSTATE_BACKEND_STATE_HANDLER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/backend/options.h"
#include "devstate/backend/state_transfer.h"
#include "devstate/transport/vhost_user/device_state_handler.h"

namespace devstate {

struct SchemaView;

// A device whose schema has descriptors, without its types. StateHandler makes
// one of a StateDevice.
class ErasedDevice : public TransferDevice {
 public:
  // Returns the schema with its descriptors. Default: those of generated C++.
  virtual absl::StatusOr<SchemaView> View() const;
  // Default: by the descriptors.
  absl::StatusOr<std::optional<std::vector<std::string>>> FindFeatures(
      const WriterOptions& options) override;
};

// The work of StateHandler, for any device.
class StateHandlerCore : public vhost_user::DeviceStateHandler {
 public:
  StateHandlerCore(std::unique_ptr<ErasedDevice> device, StateOptions options);
  ~StateHandlerCore() override;

  StateHandlerCore(const StateHandlerCore&) = delete;
  StateHandlerCore& operator=(const StateHandlerCore&) = delete;

  // Returns whether version `version` of the schema holds the current state.
  // The state is written and dropped. A front-end asks this before the
  // downtime. REFUSED with the paths if the version does not hold it. An error
  // if the state cannot be saved at all or the archive lacks the version.
  //
  // Requires: the device is suspended and no transfer runs, as for a save.
  absl::StatusOr<Verdict> PreCheck(uint32_t version);

  absl::Status Save(ByteSink& sink) override;
  vhost_user::LoadResult Load(ByteSource& source) override;
  vhost_user::LoadResult Commit() override;
  void Discard() override;

 private:
  // Options and the device, which the transfer owns, outlive the judge.
  const StateOptions options_;
  std::unique_ptr<StateTransfer> transfer_;
  std::unique_ptr<StateJudge> judge_;
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_STATE_HANDLER_H_
