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
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "devstate/backend/load_report_file.h"
#include "devstate/backend/schema_versions.h"
#include "devstate/compat/gate/load_report.h"
#include "devstate/compat/gate/save_profile.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/verdict.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/device_state_handler.h"

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

  // Names of the optional features that the state uses right now, as the schema
  // has them. Asked before each save, for the stream's header.
  virtual std::vector<std::string> UsedFeatures() const { return {}; }

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
  // Of loads; of saves as another version, what that version does with the
  // state.
  Verdict verdict;
  // Of loads, one line for the log: the verdict with rules, paths, both
  // versions and remedies.
  std::string verdict_line;
  // Of saves: the version of the schema that was written.
  uint32_t saved_version = 0;
  // Of the stream so far: bytes in the channel, payload bytes before
  // compression.
  uint64_t stream_bytes = 0;
  uint64_t decoded_bytes = 0;
  uint64_t chunks = 0;
  uint64_t records = 0;
};

// The version of the schema that saves write.
struct SaveVersion {
  enum class Choice {
    // That of the generated code.
    kOwn,
    // The lowest of the archive that holds all of the state at hand, so that a
    // new feature that nobody uses keeps no older release from loading it. The
    // state is written twice, first to nowhere.
    kLowest,
    // `version`, whatever the state: a profile that the VM was started with. A
    // state that does not fit is refused with the path.
    kPinned,
  };
  Choice choice = Choice::kOwn;
  uint32_t version = 0;
};

struct StateOptions {
  // Of saves.
  WriterOptions writer;
  SaveVersion save_version;

  // Of loads.
  Limits limits;
  // The worst verdict that a state is loaded with: LOSSY, or better.
  VerdictLevel accept = LOSSY;
  // Writers whose states are known to be wrong. May be null.
  std::shared_ptr<const QuirkTable> quirks;
  // After each load, LoadReport of verdict.proto as JSON goes there: to a file
  // that is replaced as a whole, and as a line to an FD that stays the
  // caller's. Empty and negative: nowhere.
  std::string load_report_file;
  int load_report_fd = -1;

  // Of both: released versions of the schema, and what annotations cannot
  // express of the ways between them. May be null.
  std::shared_ptr<const SchemaArchive> archive;
  std::shared_ptr<const StepTable> steps;

  // Called on the thread that transfers: after a save (kSaved), after a load
  // was read and prepared or has failed (kVerified), after Commit()
  // (kCommitted).
  std::function<void(const StateReport&)> report;
};

template <typename Codec>
class StateHandler : public vhost_user::DeviceStateHandler {
 public:
  // `device` must outlive the handler.
  explicit StateHandler(StateDevice<Codec>* device, StateOptions options = {})
      : device_(*device), options_(std::move(options)) {}

  // Whether version `version` of the schema holds the state as it is now, which
  // goes nowhere: for a front-end that asks before the downtime. REFUSED with
  // the paths if it does not. An error if the state cannot be saved at all or
  // the archive lacks the version. As a save: with the device suspended, never
  // during a transfer.
  absl::StatusOr<Verdict> PreCheck(uint32_t version) {
    NullSink nowhere;
    WriterOptions writer = options_.writer;
    writer.compression = Compression::Raw();
    StateReport report;
    const absl::Status status = SaveAs(version, writer, nowhere, &report);
    if (status.ok() || report.verdict.level() >= REFUSED) {
      return report.verdict;
    }
    return status;
  }

  absl::Status Save(ByteSink& sink) override {
    SetVerdict(Verdict());
    StateReport report;
    report.event = StateReport::Event::kSaved;
    const absl::StatusOr<uint32_t> version = ChooseVersion();
    report.status = version.status();
    if (version.ok()) {
      report.status = SaveAs(*version, options_.writer, sink, &report);
    }
    Report(report);
    return report.status;
  }

  absl::Status Load(ByteSource& source) override {
    typename Codec::Reader reader(&source, options_.limits);
    staged_ = device_.StageLoad();
    load_header_.Clear();
    StateReport report;
    report.event = StateReport::Event::kVerified;
    report.status = ReadInto(reader, *staged_, &report.verdict);
    report.stream_bytes = reader.stream().offset();
    report.decoded_bytes = reader.stream().decoded_bytes();
    report.chunks = reader.stream().chunks();
    report.records = reader.stream().records();
    FinishLoad(&report, /*last=*/!report.status.ok());
    return report.status;
  }

  absl::Status Commit() override {
    StateReport report;
    report.event = StateReport::Event::kCommitted;
    report.status = staged_->Commit();
    report.verdict = JudgeLoad(verdict(), report.status);
    staged_.reset();
    FinishLoad(&report, /*last=*/true);
    return report.status;
  }

  void Discard() override { staged_.reset(); }

  uint64_t CheckReply(const absl::Status& failure) const override {
    return CheckReplyValue(verdict(), failure);
  }

 private:
  GateOptions MakeGateOptions() const {
    GateOptions gate;
    gate.archive = options_.archive.get();
    gate.steps = options_.steps.get();
    gate.quirks = options_.quirks.get();
    gate.accept = options_.accept;
    gate.limits = options_.limits;
    return gate;
  }

  absl::StatusOr<uint32_t> ChooseVersion() {
    const uint32_t own = Codec::Schema().version;
    switch (options_.save_version.choice) {
      case SaveVersion::Choice::kOwn:
        break;
      case SaveVersion::Choice::kPinned:
        return options_.save_version.version;
      case SaveVersion::Choice::kLowest:
        for (const uint32_t version :
             OlderVersions(options_.archive.get(), Codec::Schema())) {
          absl::StatusOr<Verdict> verdict = PreCheck(version);
          if (!verdict.ok()) return verdict.status();
          if (verdict->level() < LOSSY) return version;
        }
    }
    return own;
  }

  absl::Status SaveAs(uint32_t version, WriterOptions options, ByteSink& sink,
                      StateReport* report) {
    for (std::string& feature : device_.UsedFeatures()) {
      options.used_features.push_back(std::move(feature));
    }
    typename Codec::Writer writer(&sink, options);
    std::unique_ptr<SaveProfile> profile;
    absl::Status status;
    if (version != Codec::Schema().version) {
      absl::StatusOr<SchemaView> target =
          FindVersion(options_.archive.get(), Codec::Schema(), version);
      if (!target.ok()) return target.status();
      // Compressing a version's descriptors is not for every downtime.
      std::unique_ptr<SchemaFacts>& facts = facts_[version];
      if (facts == nullptr) {
        facts = std::make_unique<SchemaFacts>(*target->root);
      }
      profile = std::make_unique<SaveProfile>(
          Codec::Schema(), *target, facts->info(), MakeGateOptions(), options);
      status = profile->Begin();
      writer.WriteAs(profile->info(), profile->filter());
    }
    if (status.ok()) status = device_.SaveState(writer);
    if (status.ok()) status = writer.Finish();
    if (profile != nullptr) report->verdict = profile->verdict();
    report->saved_version = version;
    report->stream_bytes = writer.stream().bytes_written();
    report->decoded_bytes = writer.stream().decoded_bytes();
    report->chunks = writer.stream().chunks();
    report->records = writer.stream().records();
    return status;
  }

  // Judges the header before anything else of the stream is looked at.
  absl::Status ReadInto(typename Codec::Reader& reader,
                        StagedState<Codec>& staged, Verdict* verdict) {
    StreamGate gate(GeneratedSchema(Codec::Schema().root_message),
                    MakeGateOptions());
    absl::StatusOr<const StreamHeader*> header = reader.ReadHeader();
    absl::Status status = header.status();
    if (status.ok()) {
      load_header_ = **header;
      load_header_.clear_descriptor_set();
      status = gate.OnHeader(**header);
    }
    if (status.ok()) {
      reader.SetFilter(&gate);
      status = reader.Read(staged);
    }
    if (status.ok()) status = gate.OnEnd();
    if (status.ok()) status = staged.Prepare();
    *verdict = JudgeLoad(gate.verdict(), status);
    return status;
  }

  void FinishLoad(StateReport* report, bool last) {
    report->verdict_line =
        VerdictLogLine(report->verdict, load_header_, Codec::Schema());
    SetVerdict(report->verdict);
    if (last) {
      const absl::Status written = WriteLoadReport(
          LoadReportJson(report->verdict, load_header_, Codec::Schema()),
          options_.load_report_file, options_.load_report_fd);
      // The load is what it is, with or without its report.
      if (!written.ok()) {
        absl::StrAppend(&report->verdict_line,
                        "; the report was not written: ", written.message());
      }
    }
    Report(*report);
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
  // Of the older versions that were written or tried.
  std::map<uint32_t, std::unique_ptr<SchemaFacts>> facts_;
  // Of the load under way, without the descriptors.
  StreamHeader load_header_;
  mutable std::mutex verdict_mutex_;
  Verdict verdict_;
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_BACKEND_H_
