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
#include "devstate/transport/vhost_user/device_state_handler.h"

namespace devstate {

class RecordReader;
class RecordWriter;
struct SchemaInfo;
struct Chunk;
struct SchemaView;

// A device and the codec of its state, without their types. StateHandler makes
// one of a StateDevice. SaveState() and ReadState() get a writer and a reader
// that the same object has made.
class ErasedDevice {
 public:
  virtual ~ErasedDevice() = default;

  virtual const SchemaInfo& Schema() const = 0;
  // Returns the same schema with its descriptors. Default: those of generated
  // C++. The others are asked where these may take long to make.
  virtual absl::StatusOr<SchemaView> View() const;
  // Returns whether the device's reader takes `chunk`, of a stream of the same
  // schema, as a gate would pass it, and checks what a gate would check.
  // Default: false.
  virtual bool Takes(const Chunk& chunk) const;
  virtual std::optional<std::vector<std::string>> UsedFeatures() const = 0;

  virtual std::shared_ptr<RecordWriter> MakeWriter(
      ByteSink* sink, const WriterOptions& options) const = 0;
  // Writes the whole state, trailer included.
  virtual absl::Status SaveState(RecordWriter& writer) = 0;
  // Returns the features that the state uses, by SaveState(). nullopt if they
  // do not depend on records, so that a writer finds them in the root. Default:
  // by the descriptors.
  virtual absl::StatusOr<std::optional<std::vector<std::string>>> FindFeatures(
      const WriterOptions& options);

  virtual std::shared_ptr<RecordReader> MakeReader(
      ByteSource* source, const Limits& limits) const = 0;
  // Starts a load, which lasts until Unstage().
  virtual void StageLoad() = 0;
  virtual absl::Status ReadState(RecordReader& reader) = 0;
  virtual absl::Status Prepare() = 0;
  virtual absl::Status Commit() = 0;
  virtual void Unstage() = 0;
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
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_STATE_HANDLER_H_
