// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The header that the author of a back-end includes, next to the codec that is
// generated from the state's schema. docs/backend.md is the guide.
//
// A device implements StateDevice. StateHandler adapts it to transport/. The
// handler is given to a BackendEndpoint, or to a DeviceStateEngine in a
// back-end that parses vhost-user itself.

#ifndef DEVSTATE_BACKEND_BACKEND_H_
#define DEVSTATE_BACKEND_BACKEND_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "devstate/backend/options.h"
#include "devstate/backend/prepared_records.h"
#include "devstate/backend/state_handler.h"

namespace devstate {

// A state that was read and is not in force. A load is kept in it until
// CHECK_DEVICE_STATE. `Codec` is generated, for instance
// devices::fs::v1::FsStateCodec. The staged state receives the root and the
// records through the methods of the codec's visitor.
template <typename Codec>
class StagedState : public Codec::Visitor {
 public:
  // Does everything that can fail, such as finding files again. Called once,
  // after the whole stream was verified. An error refuses the state; its
  // message goes to the log.
  virtual absl::Status Prepare() = 0;

  // --- States in rounds (docs/rounds.md) ---
  // Their rounds come while the device of the source runs, and after the last
  // one the whole state comes as that of any other load.

  // Returns whether this object looks ahead. Then the visitor's methods for
  // records get those of each round when it comes, before OnRoot(), and the
  // whole state from OnRoot() on. What comes ahead changes: a record may be
  // another one in a later round, or be gone, which is not shown, and records
  // may not fit together yet. So no error is due that a later round can put
  // right; one that is returned refuses the state. Limits::max_merge_bytes
  // bounds the merged state and not what comes ahead: bound what is kept of it.
  //
  // Default: false.
  virtual bool LooksAhead() const { return false; }
  // Called after each round but the last, for what takes long and can be done
  // ahead. The source waits before it stops its device.
  virtual void OnRoundComplete() {}

  // Puts the state into force. Called at CHECK_DEVICE_STATE, after Prepare().
  virtual absl::Status Commit() = 0;
};

// The interface that a device implements. Called on the thread that transfers,
// never twice at a time, and only while the device is suspended; see
// DeviceStateHandler.
template <typename Codec>
class StateDevice {
 public:
  virtual ~StateDevice() = default;

  // Returns the names of the optional features that the state uses now, as the
  // schema spells them. They go into the stream's header. Called before each
  // save.
  //
  // Default: nullopt, which derives them from the schema's annotations. If
  // features depend on records, that calls SaveState() once more, because the
  // header comes first. Override it where the downtime is too precious.
  virtual std::optional<std::vector<std::string>> UsedFeatures() const {
    return std::nullopt;
  }

  // Writes the state: writer.Begin(), then all records. The caller calls
  // Finish(). The device must be able to go on afterwards. May be called
  // several times for one save and must write the same each time.
  virtual absl::Status SaveState(typename Codec::Writer& writer) = 0;

  // Returns the records that can be encoded ahead of a save, when
  // StateHandler::SetMigrating() says that one is coming. They live as long as
  // the device. Called once, by the constructor of StateHandler.
  //
  // Default: none. Override UsedFeatures(), too, or each save encodes all
  // records to look for features.
  virtual std::vector<PreparedField*> Prepared() { return {}; }

  // Writes a round of a state in rounds: writer.BeginRound(), then SaveRound()
  // of what Prepared() returns. If `last`, the device is suspended, and all
  // records of other fields follow in their order, which all earlier rounds are
  // without; so they need keys. Else the device runs, and this takes the lock
  // that changes are made with for its root. The caller ends the round.
  //
  // Default: UNIMPLEMENTED. A device that overrides it has an endpoint that
  // offers kProtocolFRounds, and all records outside of Prepared() are written
  // in the last round.
  virtual absl::Status SaveRound(typename Codec::Writer&, bool) {
    return absl::UnimplementedError("the device has no rounds");
  }

  // Returns a new staged state for one load. It is destroyed after Commit(). If
  // the load fails, it is destroyed without Commit(), and the device must be as
  // it was before.
  virtual std::unique_ptr<StagedState<Codec>> StageLoad() = 0;
};

// Adapts a StateDevice to the interface that does not know its type.
template <typename Codec>
class ErasedStateDevice : public ErasedDevice {
 public:
  explicit ErasedStateDevice(StateDevice<Codec>* device) : device_(*device) {}

  const SchemaInfo& Schema() const override { return Codec::Schema(); }
  std::optional<std::vector<std::string>> UsedFeatures() const override {
    return device_.UsedFeatures();
  }
  std::vector<PreparedField*> Prepared() override { return device_.Prepared(); }
  std::shared_ptr<RecordWriter> MakeWriter(
      ByteSink* sink, const WriterOptions& options) const override {
    return std::make_shared<typename Codec::Writer>(sink, options);
  }
  absl::Status SaveState(RecordWriter& writer) override {
    auto& typed = static_cast<typename Codec::Writer&>(writer);
    const absl::Status status = device_.SaveState(typed);
    return status.ok() ? typed.Finish() : status;
  }
  absl::Status SaveRound(RecordWriter& writer, bool last) override {
    auto& typed = static_cast<typename Codec::Writer&>(writer);
    const absl::Status status = device_.SaveRound(typed, last);
    if (!status.ok()) return status;
    return last ? typed.Finish() : typed.EndRound();
  }
  std::shared_ptr<RecordReader> MakeReader(
      ByteSource* source, const Limits& limits) const override {
    return std::make_shared<typename Codec::Reader>(source, limits);
  }
  void StageLoad() override { staged_ = device_.StageLoad(); }
  absl::Status ReadState(RecordReader& reader) override {
    return static_cast<typename Codec::Reader&>(reader).Read(*staged_);
  }
  bool LooksAhead() const override { return staged_->LooksAhead(); }
  void OnRoundComplete() override { staged_->OnRoundComplete(); }
  absl::Status Prepare() override { return staged_->Prepare(); }
  absl::Status Commit() override { return staged_->Commit(); }
  void Unstage() override { staged_.reset(); }

 private:
  StateDevice<Codec>& device_;
  std::unique_ptr<StagedState<Codec>> staged_;
};

// Saves and loads the state of a device. StateHandlerCore does the work.
template <typename Codec>
class StateHandler : public StateHandlerCore {
 public:
  // Requires: `device` outlives the handler.
  explicit StateHandler(StateDevice<Codec>* device, StateOptions options = {})
      : StateHandlerCore(std::make_unique<ErasedStateDevice<Codec>>(device),
                         std::move(options)) {}
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_BACKEND_H_
