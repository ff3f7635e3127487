// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Saves and loads of a device's state, without the types of the state and
// without Protocol Buffers.

#ifndef DEVSTATE_BACKEND_STATE_TRANSFER_H_
#define DEVSTATE_BACKEND_STATE_TRANSFER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/backend/state_judge.h"
#include "devstate/backend/transfer_options.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/vhost_user/device_state_handler.h"

namespace devstate {

class RecordReader;
class RecordWriter;
struct SchemaInfo;
struct Chunk;

// A device and the codec of its state, without their types. SaveState() and
// ReadState() get a writer and a reader that the same object has made.
class TransferDevice {
 public:
  virtual ~TransferDevice() = default;

  virtual const SchemaInfo& Schema() const = 0;
  // Returns whether the device's reader takes `chunk`, of a stream of the same
  // schema, as a gate would pass it, and checks what a gate would check.
  // Default: false.
  virtual bool Takes(const Chunk& chunk) const;
  virtual std::optional<std::vector<std::string>> UsedFeatures() const = 0;

  virtual std::shared_ptr<RecordWriter> MakeWriter(
      ByteSink* sink, const WriterOptions& options) const = 0;
  // Writes the whole state, trailer included.
  virtual absl::Status SaveState(RecordWriter& writer) = 0;
  // Makes the device mark its changes, until EndRounds(). Returns all features
  // that the state may come to use. Default: UNIMPLEMENTED, there are no
  // rounds.
  virtual absl::StatusOr<std::vector<std::string>> BeginRounds();
  // Writes a round, with the mark of its end or, if `last`, the trailer.
  virtual absl::Status SaveRound(RecordWriter& writer, bool last);
  // Returns how many records have changed since the last round.
  virtual uint64_t CountChanged() const;
  virtual void EndRounds();
  // Returns the features that the state uses, by SaveState(). nullopt if they
  // do not depend on records, so that a writer finds them in the root.
  virtual absl::StatusOr<std::optional<std::vector<std::string>>> FindFeatures(
      const WriterOptions& options) = 0;

  virtual std::shared_ptr<RecordReader> MakeReader(
      ByteSource* source, const Limits& limits) const = 0;
  // Starts a load, which lasts until Unstage().
  virtual void StageLoad() = 0;
  virtual absl::Status ReadState(RecordReader& reader) = 0;
  // As those of StagedState. Default: nothing is looked at ahead.
  virtual bool LooksAhead() const;
  virtual void OnRoundComplete();
  virtual absl::Status Prepare() = 0;
  virtual absl::Status Commit() = 0;
  virtual void Unstage() = 0;
};

// The outcome of a save or a load.
struct TransferReport {
  TransferEvent event = TransferEvent::kSaved;
  absl::Status status;
  // As those of StateReport.
  StateVerdict verdict;
  std::string verdict_line;
  uint64_t check_reply = 0;
  uint32_t saved_version = 0;
  uint64_t stream_bytes = 0;
  uint64_t decoded_bytes = 0;
  uint64_t chunks = 0;
  uint64_t records = 0;
  uint64_t prepared_chunks = 0;
};

// The options of a StateTransfer, which are those of StateOptions.
struct TransferOptions {
  WriterOptions writer;
  SaveVersion save_version;
  Limits limits;
  std::string load_report_file;
  int load_report_fd = -1;
  // Whether the judge sees states of the device's own schema, too. Default:
  // false.
  bool judge_all = false;
  std::function<void(const TransferReport&)> report;
};

// Returns the judge of a device's states, which is needed for other versions,
// for failures and for reports. An error if it cannot be had.
using JudgeSource = std::function<absl::StatusOr<StateJudge*>()>;

// One save or load at a time.
class StateTransfer : public vhost_user::DeviceStateHandler {
 public:
  StateTransfer(std::unique_ptr<TransferDevice> device, TransferOptions options,
                JudgeSource judge);
  ~StateTransfer() override;

  StateTransfer(const StateTransfer&) = delete;
  StateTransfer& operator=(const StateTransfer&) = delete;

  // As StateHandlerCore::PreCheck().
  absl::StatusOr<StateVerdict> PreCheck(uint32_t version);
  // As those of StateHandlerCore.
  absl::StatusOr<uint64_t> ExactSize();
  absl::StatusOr<uint64_t> UpperBound();

  absl::Status Save(ByteSink& sink) override;
  absl::StatusOr<uint64_t> SaveRound(ByteSink& sink, bool last) override;
  void EndRounds() override;
  vhost_user::LoadResult Load(ByteSource& source) override;
  vhost_user::LoadResult LoadRounds(
      ByteSource& source,
      const std::function<void(uint32_t)>& on_round) override;
  vhost_user::LoadResult Commit() override;
  void Discard() override;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// Returns the options of a save that goes nowhere.
WriterOptions Uncompressed(WriterOptions options);

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_STATE_TRANSFER_H_
