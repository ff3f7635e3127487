// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of a device in a folder, while the device runs. docs/recovery.md is
// the guide.

#ifndef DEVSTATE_RECOVERY_KEPT_STATE_H_
#define DEVSTATE_RECOVERY_KEPT_STATE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/recovery/journal_sink.h"
#include "devstate/recovery/state_store.h"
#include "devstate/serializer/writer_options.h"
#include "devstate/transport/vhost_user/device_state_handler.h"

namespace google::protobuf {
class Descriptor;
}  // namespace google::protobuf

namespace devstate {

struct KeptStateOptions {
  // The folder, and how it is written.
  StateStoreOptions store;
  // The options of what is written. `limits` are those of the store, and the
  // schema is embedded, since a load needs it. `used_features` names all
  // features that the state may come to use; by default all of the schema.
  WriterOptions writer;
  // The bytes of changes after which a new generation is started, unless the
  // state itself has more. Default: 4 MiB.
  uint64_t max_changes_bytes = 4 * 1024 * 1024;
};

// The generations of a KeptState, without its types.
class KeptGenerations {
 public:
  static absl::StatusOr<std::unique_ptr<KeptGenerations>> Open(
      KeptStateOptions options, const google::protobuf::Descriptor& root);

  absl::StatusOr<Recovery> Load(vhost_user::DeviceStateHandler& handler);
  const WriterOptions& writer_options() const { return options_.writer; }
  // Starts a generation. Publish() makes it count, with its first round.
  absl::StatusOr<JournalSink*> Begin();
  absl::Status Publish();
  // Returns whether the published generation has so many changes that it is
  // time for the next.
  bool IsLong() const;

 private:
  explicit KeptGenerations(KeptStateOptions options)
      : options_(std::move(options)) {}

  KeptStateOptions options_;
  std::unique_ptr<StateStore> store_;
  // Null unless a generation was begun.
  JournalSink* sink_ = nullptr;
  uint64_t first_round_bytes_ = 0;
};

// Keeps the state of a device where it outlives the process. `Codec` is
// generated, for instance devices::fs::v1::FsStateCodec.
//
// Start() writes the whole state, and Update() each change after it. A process
// that is killed, wherever that is, leaves the state with all updates that have
// returned and at most the one under way. Thread-safety: none.
template <typename Codec>
class KeptState {
 public:
  using Writer = typename Codec::Writer;
  // Writes the whole state as StateDevice::SaveState() does: Begin(), then all
  // records.
  using Save = std::function<absl::Status(Writer& writer)>;

  // Opens the folder. Errors are those of StateStore::Open().
  static absl::StatusOr<std::unique_ptr<KeptState>> Open(
      KeptStateOptions options, Save save) {
    absl::StatusOr<std::unique_ptr<KeptGenerations>> generations =
        KeptGenerations::Open(std::move(options),
                              *Codec::Root::descriptor());
    if (!generations.ok()) return generations.status();
    return std::unique_ptr<KeptState>(
        new KeptState(*std::move(generations), std::move(save)));
  }

  // Loads what the process before has left, by `handler`, and commits it.
  // Nothing is loaded into a device that begins, and `generation` is 0 then.
  // Errors are those of StateStore::Load().
  absl::StatusOr<Recovery> Load(vhost_user::DeviceStateHandler& handler) {
    return generations_->Load(handler);
  }

  // Writes the whole state as the next generation. For a device that begins,
  // after each load, and whenever the device has changed without an Update().
  // After an error the generation before counts, and the next Update() tries
  // again.
  absl::Status Start() {
    writer_ = nullptr;
    absl::StatusOr<JournalSink*> sink = generations_->Begin();
    if (!sink.ok()) return sink.status();
    auto writer =
        std::make_unique<Writer>(*sink, generations_->writer_options());
    writer->StartInRounds();
    absl::Status status = save_(*writer);
    if (status.ok()) status = writer->EndRound();
    if (status.ok()) status = generations_->Publish();
    if (status.ok()) writer_ = std::move(writer);
    return status;
  }

  // Writes a change that the device has made: `root`, with or without a change,
  // and what `change`, called with the writer, adds and deletes. After a crash
  // all of it is there or nothing. Where the journal has become long or full,
  // this writes the whole state instead, as Start() does.
  //
  // Errors are those of the writer, for a record of a field without a key for
  // instance, and of the folder. What is in the folder is older then than the
  // device, until the next Update() writes the whole state.
  template <typename Change>
  absl::Status Update(const typename Codec::Root& root, const Change& change) {
    if (writer_ == nullptr || generations_->IsLong()) return Start();
    absl::Status status = writer_->BeginRound(root);
    if (status.ok()) status = change(*writer_);
    if (status.ok()) status = writer_->EndRound();
    if (status.ok()) return status;
    writer_ = nullptr;
    return absl::IsResourceExhausted(status) ? Start() : status;
  }

 private:
  KeptState(std::unique_ptr<KeptGenerations> generations, Save save)
      : generations_(std::move(generations)), save_(std::move(save)) {}

  const std::unique_ptr<KeptGenerations> generations_;
  const Save save_;
  // Writes to the published generation; null if there is none.
  std::unique_ptr<Writer> writer_;
};

}  // namespace devstate

#endif  // DEVSTATE_RECOVERY_KEPT_STATE_H_
