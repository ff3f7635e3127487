// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_STATE_HANDLER_H_
#define DEVSTATE_BACKEND_STATE_HANDLER_H_

#include <cstdint>
#include <functional>
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

class PreparedField;
class Preparation;
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
  // As StateDevice::Prepared(). Default: none.
  virtual std::vector<PreparedField*> Prepared();
  absl::StatusOr<std::vector<std::string>> BeginRounds() override;
  uint64_t CountChanged() const override;
  void EndRounds() override;

 private:
  friend class StateHandlerCore;
  // What Prepared() has returned.
  std::vector<PreparedField*> fields_;
};

// The work of StateHandler, for any device.
class StateHandlerCore : public vhost_user::DeviceStateHandler {
 public:
  StateHandlerCore(std::unique_ptr<ErasedDevice> device, StateOptions options);
  ~StateHandlerCore() override;

  StateHandlerCore(const StateHandlerCore&) = delete;
  StateHandlerCore& operator=(const StateHandlerCore&) = delete;

  // Tells whether a migration is coming, which a front-end says by
  // VHOST_F_LOG_ALL in SET_FEATURES. From then on the records that
  // StateDevice::Prepared() names are encoded ahead of the save, on a thread of
  // the handler's own. False drops what was prepared. Not called again, a
  // device is saved as ever. Thread-safety: any, at any time.
  void SetMigrating(bool migrating);

  // Returns whether version `version` of the schema holds the current state.
  // The state is written and dropped. A front-end asks this before the
  // downtime. REFUSED with the paths if the version does not hold it. An error
  // if the state cannot be saved at all or the archive lacks the version.
  //
  // Requires: the device is suspended and no transfer runs, as for a save.
  absl::StatusOr<Verdict> PreCheck(uint32_t version);

  // Returns the size in bytes of the stream that Save() would write now: what
  // it needs is done, and the bytes are dropped. What is prepared costs next to
  // nothing. Requires: as PreCheck().
  absl::StatusOr<uint64_t> ExactSize();
  // Returns a size that the stream will not exceed, without compression. Costs
  // a part of ExactSize(), unless another version of the schema is saved.
  // Requires: as PreCheck().
  absl::StatusOr<uint64_t> UpperBound();

  absl::Status Save(ByteSink& sink) override;
  // Nothing is prepared while there are rounds. What was is dropped, and
  // SetMigrating() takes effect after them.
  absl::StatusOr<uint64_t> SaveRound(ByteSink& sink, bool last) override;
  void EndRounds() override;
  vhost_user::LoadResult Load(ByteSource& source) override;
  vhost_user::LoadResult LoadRounds(
      ByteSource& source,
      const std::function<void(uint32_t)>& on_round) override;
  vhost_user::LoadResult Commit() override;
  void Discard() override;

 private:
  // Options and the device, which the transfer owns, outlive the judge.
  const StateOptions options_;
  std::unique_ptr<StateTransfer> transfer_;
  std::unique_ptr<StateJudge> judge_;
  // Its thread uses the device, so it ends first.
  std::unique_ptr<Preparation> preparation_;
  // Null unless there are rounds.
  struct Rounds;
  std::unique_ptr<Rounds> rounds_;
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_STATE_HANDLER_H_
