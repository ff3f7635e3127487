// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the author of a back-end includes, beside the codec generated from the
// state's schema. docs/backend.md is the guide.
//
// A device implements StateDevice. StateHandler makes of it what transport/
// wants: hand it to a BackendEndpoint, or, in a back-end that parses vhost-user
// itself, to a DeviceStateEngine.

#ifndef DEVSTATE_BACKEND_BACKEND_H_
#define DEVSTATE_BACKEND_BACKEND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "compat/load_gate.h"
#include "serializer/limits.h"
#include "serializer/stream_writer.h"
#include "transport/backend_endpoint.h"
#include "transport/device_state_handler.h"

namespace devstate {

// A state that was read and is not in force: what a load is kept in until
// CHECK. `Codec` is generated, for instance devices::fs::v1::FsStateCodec. It
// gets root and records through the methods of the codec's visitor.
template <typename Codec>
class StagedState : public Codec::Visitor {
 public:
  // Called once, after the whole stream was verified: everything that can fail
  // belongs here, such as finding files again. An error refuses the state; its
  // message goes to the log.
  virtual absl::Status Prepare() = 0;

  // Puts the state into force. Called at CHECK_DEVICE_STATE, after Prepare().
  virtual absl::Status Commit() = 0;
};

// What a device implements. Called on the thread that transfers, never twice at
// a time, and only while the device is suspended; see DeviceStateHandler.
template <typename Codec>
class StateDevice {
 public:
  virtual ~StateDevice() = default;

  // Writes the state: writer.Begin(), then all records. The device must be able
  // to go on afterwards. Finish() is called by the caller.
  virtual absl::Status SaveState(typename Codec::Writer& writer) = 0;

  // A new staged state, for one load. It is destroyed after Commit(), or
  // without it if the load fails: then the device must be as it was.
  virtual std::unique_ptr<StagedState<Codec>> StageLoad() = 0;
};

// How a save or a load went.
struct StateReport {
  enum class Event { kSaved, kVerified, kCommitted };
  Event event = Event::kSaved;
  absl::Status status;
  // Of loads.
  Verdict verdict;
  // Of the stream so far: bytes in the channel, payload bytes before
  // compression.
  uint64_t stream_bytes = 0;
  uint64_t decoded_bytes = 0;
  uint64_t chunks = 0;
  uint64_t records = 0;
};

struct StateOptions {
  // Of saves.
  WriterOptions writer;
  // Of loads.
  Limits limits;
  // Called on the thread that transfers: after a save (kSaved), after a load
  // was read and prepared or has failed (kVerified), after Commit()
  // (kCommitted).
  std::function<void(const StateReport&)> report;
};

template <typename Codec>
class StateHandler : public DeviceStateHandler {
 public:
  // `device` must outlive the handler.
  explicit StateHandler(StateDevice<Codec>* device, StateOptions options = {})
      : device_(*device), options_(std::move(options)) {}

  absl::Status Save(ByteSink& sink) override {
    SetVerdict(Verdict());
    typename Codec::Writer writer(&sink, options_.writer);
    StateReport report;
    report.event = StateReport::Event::kSaved;
    report.status = device_.SaveState(writer);
    if (report.status.ok()) report.status = writer.Finish();
    report.stream_bytes = writer.stream().bytes_written();
    report.decoded_bytes = writer.stream().decoded_bytes();
    report.chunks = writer.stream().chunks();
    report.records = writer.stream().records();
    Report(report);
    return report.status;
  }

  absl::Status Load(ByteSource& source) override {
    typename Codec::Reader reader(&source, options_.limits);
    staged_ = device_.StageLoad();
    StateReport report;
    report.event = StateReport::Event::kVerified;
    report.status = ReadInto(reader, *staged_, &report.verdict);
    report.stream_bytes = reader.stream().offset();
    report.decoded_bytes = reader.stream().decoded_bytes();
    report.chunks = reader.stream().chunks();
    report.records = reader.stream().records();
    SetVerdict(report.verdict);
    Report(report);
    return report.status;
  }

  absl::Status Commit() override {
    StateReport report;
    report.event = StateReport::Event::kCommitted;
    report.status = staged_->Commit();
    report.verdict = JudgeLoad(verdict(), report.status);
    SetVerdict(report.verdict);
    staged_.reset();
    Report(report);
    return report.status;
  }

  void Discard() override { staged_.reset(); }

  uint64_t CheckReply(const absl::Status& failure) const override {
    return CheckReplyValue(verdict(), failure);
  }

 private:
  // Judges the header before anything else of the stream is looked at.
  absl::Status ReadInto(typename Codec::Reader& reader,
                        StagedState<Codec>& staged, Verdict* verdict) {
    absl::StatusOr<const StreamHeader*> header = reader.ReadHeader();
    absl::Status status = header.status();
    if (status.ok()) {
      *verdict = JudgeHeader(**header, Codec::Schema());
      status = VerdictStatus(*verdict);
    }
    if (status.ok()) status = reader.Read(staged);
    if (status.ok()) status = staged.Prepare();
    *verdict = JudgeLoad(*verdict, status);
    return status;
  }

  void Report(const StateReport& report) const {
    if (options_.report) options_.report(report);
  }

  // CheckReply() may come from another thread.
  Verdict verdict() const {
    std::lock_guard<std::mutex> lock(verdict_mutex_);
    return verdict_;
  }
  void SetVerdict(const Verdict& verdict) {
    std::lock_guard<std::mutex> lock(verdict_mutex_);
    verdict_ = verdict;
  }

  StateDevice<Codec>& device_;
  const StateOptions options_;
  std::unique_ptr<StagedState<Codec>> staged_;
  mutable std::mutex verdict_mutex_;
  Verdict verdict_;
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_BACKEND_H_
