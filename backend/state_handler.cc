// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One save or load at a time, from the device's codec to a verdict and the
// answer to CHECK_DEVICE_STATE. It knows neither the types of the state nor
// file descriptors, so that all of it is compiled once.

#include "devstate/backend/state_handler.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/backend/load_report_file.h"
#include "devstate/backend/schema_versions.h"
#include "devstate/compat/gate/constraints.h"
#include "devstate/compat/gate/load_report.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/save_profile.h"
#include "devstate/compat/verdict.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/save_filter.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/serializer/used_features.h"
#include "devstate/stream.pb.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::devstate::vhost_user::LoadResult;
using ::google::protobuf::Descriptor;
using ::google::protobuf::Message;

// Collects the features that a state uses and lets none of it be written.
class FeatureFinder : public SaveFilter {
 public:
  FeatureFinder(const SchemaInfo& schema, const Descriptor& root)
      : schema_(schema), root_(root) {}

  const SchemaInfo& schema() const override { return schema_; }

  absl::StatusOr<absl::string_view> FilterRoot(const Message& root) override {
    AddUsedFeatures(root, &features_);
    return absl::string_view();
  }

  absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) override {
    AddUsedFeaturesOfBatch(
        *root_.FindFieldByNumber(static_cast<int>(batch.header.field)),
        batch.payload, &features_);
    Chunk nothing = batch;
    nothing.header.records = 0;
    return nothing;
  }

  std::vector<std::string> features() const {
    return {features_.begin(), features_.end()};
  }

 private:
  const SchemaInfo& schema_;
  const Descriptor& root_;
  std::set<std::string> features_;
};

// A gate that is made when a chunk, or the header, asks for it. A stream of the
// reader's own schema may never do that, and the descriptors that a gate needs
// are not for every downtime.
class LateGate : public ChunkFilter {
 public:
  // Requires: `device` outlives the gate.
  LateGate(const ErasedDevice& device, const GateOptions& options)
      : device_(device), options_(options) {}

  // As StreamGate's.
  absl::Status OnHeader(const StreamHeader& header) {
    header_ = &header;
    judged_ = JudgeHeader(header, device_.Schema());
    return judged_.level() == VERDICT_LEVEL_IDENTICAL &&
                   options_.quirks == nullptr
               ? absl::OkStatus()
               : MakeGate();
  }
  absl::StatusOr<Chunk> Filter(const Chunk& chunk) override {
    if (gate_ == nullptr) {
      if (device_.Takes(chunk)) return chunk;
      DS_RETURN_IF_ERROR(MakeGate());
    }
    return gate_->Filter(chunk);
  }
  std::unique_ptr<Message> TakeRoot() override {
    return gate_ == nullptr ? nullptr : gate_->TakeRoot();
  }
  absl::Status OnEnd() {
    return gate_ == nullptr ? absl::OkStatus() : gate_->OnEnd();
  }
  Verdict Judge(const absl::Status& outcome) const {
    return gate_ == nullptr ? JudgeLoad(judged_, outcome)
                            : gate_->Judge(outcome);
  }

 private:
  absl::Status MakeGate() {
    DS_ASSIGN_OR_RETURN(const SchemaView view, device_.View());
    gate_ = std::make_unique<StreamGate>(view, options_);
    return gate_->OnHeader(*header_);
  }

  const ErasedDevice& device_;
  const GateOptions options_;
  const StreamHeader* header_ = nullptr;
  // What the header says, while there is no gate.
  Verdict judged_;
  std::unique_ptr<StreamGate> gate_;
};

// For a state that goes nowhere.
WriterOptions Uncompressed(WriterOptions options) {
  options.compression = Compression::Raw();
  return options;
}

}  // namespace

absl::StatusOr<SchemaView> ErasedDevice::View() const {
  return GeneratedSchema(Schema().root_message);
}

absl::StatusOr<std::optional<std::vector<std::string>>>
ErasedDevice::FindFeatures(const WriterOptions& options) {
  DS_ASSIGN_OR_RETURN(const SchemaView view, View());
  if (!RecordsHaveFeatures(*view.root)) return std::nullopt;
  NullSink nowhere;
  FeatureFinder finder(Schema(), *view.root);
  const std::shared_ptr<RecordWriter> writer = MakeWriter(&nowhere, options);
  writer->SetFilter(&finder);
  DS_RETURN_IF_ERROR(SaveState(*writer));
  return finder.features();
}

bool ErasedDevice::Takes(const Chunk&) const { return false; }

class StateHandlerCore::Impl {
 public:
  Impl(std::unique_ptr<ErasedDevice> device, StateOptions options)
      : device_(std::move(device)),
        options_(std::move(options)),
        schema_(device_->Schema()) {}

  absl::StatusOr<Verdict> PreCheck(uint32_t version) {
    DS_ASSIGN_OR_RETURN(const WriterOptions options, MakeWriterOptions());
    return PreCheck(version, Uncompressed(options));
  }

  absl::Status Save(ByteSink& sink) {
    StateReport report;
    report.event = StateReport::Event::kSaved;
    report.status = SaveTo(sink, &report);
    Report(report);
    return report.status;
  }

  LoadResult Load(ByteSource& source) {
    device_->StageLoad();
    const std::shared_ptr<RecordReader> reader =
        device_->MakeReader(&source, options_.limits);
    LateGate gate(*device_, MakeGateOptions());
    load_header_.Clear();
    StateReport report;
    report.event = StateReport::Event::kVerified;
    report.status = Read(*reader, gate);
    const StreamReader& stream = reader->stream();
    report.stream_bytes = stream.offset();
    report.decoded_bytes = stream.decoded_bytes();
    report.chunks = stream.chunks();
    report.records = stream.records();
    verdict_ = gate.Judge(report.status);
    return FinishLoad(&report);
  }

  LoadResult Commit() {
    StateReport report;
    report.event = StateReport::Event::kCommitted;
    report.status = device_->Commit();
    if (!report.status.ok()) verdict_ = JudgeLoad(verdict_, report.status);
    device_->Unstage();
    return FinishLoad(&report);
  }

  void Discard() { device_->Unstage(); }

 private:
  // --- Saves ---

  absl::Status SaveTo(ByteSink& sink, StateReport* report) {
    DS_ASSIGN_OR_RETURN(const WriterOptions options, MakeWriterOptions());
    DS_ASSIGN_OR_RETURN(const uint32_t version,
                        ChooseVersion(Uncompressed(options)));
    return SaveAs(version, options, sink, report);
  }

  // The options of a save of the state at hand.
  absl::StatusOr<WriterOptions> MakeWriterOptions() {
    WriterOptions options = options_.writer;
    options.used_features = device_->UsedFeatures();
    if (!options.used_features.has_value()) {
      DS_ASSIGN_OR_RETURN(options.used_features,
                          device_->FindFeatures(Uncompressed(options)));
    }
    return options;
  }

  absl::StatusOr<uint32_t> ChooseVersion(const WriterOptions& options) {
    switch (options_.save_version.choice) {
      case SaveVersion::Choice::kOwn:
        break;
      case SaveVersion::Choice::kPinned:
        return options_.save_version.version;
      case SaveVersion::Choice::kLowest:
        for (const uint32_t version :
             OlderVersions(options_.archive.get(), schema_)) {
          DS_ASSIGN_OR_RETURN(const Verdict verdict,
                              PreCheck(version, options));
          if (verdict.level() < VERDICT_LEVEL_LOSSY) return version;
        }
    }
    return schema_.version;
  }

  absl::StatusOr<Verdict> PreCheck(uint32_t version,
                                   const WriterOptions& options) {
    NullSink nowhere;
    StateReport report;
    const absl::Status status = SaveAs(version, options, nowhere, &report);
    if (status.ok() || report.verdict.level() >= VERDICT_LEVEL_REFUSED) {
      return report.verdict;
    }
    return status;
  }

  // Refuses what the gate of every reader would refuse. The generated code does
  // it for records.
  absl::Status CheckRoot(const StreamHeader& header, const Message& root) {
    const std::set<std::string> features(header.used_features().begin(),
                                         header.used_features().end());
    DS_ASSIGN_OR_RETURN(const SchemaView view, device_->View());
    StreamFindings findings;
    ConstraintChecker(view.model, schema_.version, features)
        .CheckRoot(root, &findings);
    if (findings.level() < VERDICT_LEVEL_REFUSED) return absl::OkStatus();
    const Finding first = findings.Sorted().front();
    return absl::InvalidArgumentError(absl::StrCat(
        first.path(), ": ", first.written(), ", allowed is ", first.read(),
        ": no reader would load it [", first.rule(), "]"));
  }

  absl::Status SaveAs(uint32_t version, const WriterOptions& options,
                      ByteSink& sink, StateReport* report) {
    const std::shared_ptr<RecordWriter> writer =
        device_->MakeWriter(&sink, options);
    writer->SetRootCheck(
        [this](const StreamHeader& header, const Message& root) {
          return CheckRoot(header, root);
        });
    std::unique_ptr<SaveProfile> profile;
    absl::Status status;
    if (version != schema_.version) {
      DS_ASSIGN_OR_RETURN(
          const SchemaView target,
          FindVersion(options_.archive.get(), schema_, version));
      DS_ASSIGN_OR_RETURN(const SchemaView own, device_->View());
      profile = std::make_unique<SaveProfile>(
          own, target, FactsOf(version, target), options_.archive.get(),
          options_.steps.get(), options);
      writer->SetFilter(profile.get());
      status = profile->Begin();
    }
    if (status.ok()) status = device_->SaveState(*writer);
    if (profile != nullptr) report->verdict = profile->verdict();
    report->saved_version = version;
    report->stream_bytes = writer->stream().bytes_written();
    report->decoded_bytes = writer->stream().decoded_bytes();
    report->chunks = writer->stream().chunks();
    report->records = writer->stream().records();
    return status;
  }

  // Compressing a version's descriptors is not for every downtime.
  const SchemaInfo& FactsOf(uint32_t version, const SchemaView& schema) {
    std::unique_ptr<SchemaFacts>& facts = facts_[version];
    if (facts == nullptr) facts = std::make_unique<SchemaFacts>(*schema.root);
    return facts->info();
  }

  // --- Loads ---

  GateOptions MakeGateOptions() const {
    GateOptions gate;
    gate.archive = options_.archive.get();
    gate.steps = options_.steps.get();
    gate.quirks = options_.quirks.get();
    gate.accept = options_.accept;
    gate.limits = options_.limits;
    return gate;
  }

  // Judges the header before anything else of the stream is looked at.
  absl::Status Read(RecordReader& reader, LateGate& gate) {
    DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
    load_header_ = *header;
    load_header_.clear_descriptor_set();
    DS_RETURN_IF_ERROR(gate.OnHeader(*header));
    reader.SetFilter(&gate);
    DS_RETURN_IF_ERROR(device_->ReadState(reader));
    DS_RETURN_IF_ERROR(gate.OnEnd());
    return device_->Prepare();
  }

  // Reports on the load by its verdict and makes its result. A load that has
  // failed or was committed is over.
  LoadResult FinishLoad(StateReport* report) {
    report->verdict = verdict_;
    report->verdict_line = VerdictLogLine(verdict_, load_header_, schema_);
    if (!report->status.ok() ||
        report->event == StateReport::Event::kCommitted) {
      const absl::Status written =
          WriteLoadReport(LoadReportJson(verdict_, load_header_, schema_),
                          options_.load_report_file, options_.load_report_fd);
      // The load is what it is, with or without its report.
      if (!written.ok()) {
        absl::StrAppend(&report->verdict_line,
                        "; the report was not written: ", written.message());
      }
    }
    Report(*report);
    return {report->status, CheckReplyValue(verdict_, report->status)};
  }

  void Report(const StateReport& report) const {
    if (options_.report) options_.report(report);
  }

  const std::unique_ptr<ErasedDevice> device_;
  const StateOptions options_;
  const SchemaInfo& schema_;
  // The facts of older versions that were written or tried, by version.
  std::map<uint32_t, std::unique_ptr<SchemaFacts>> facts_;
  // Header, without descriptors, and verdict of the current load.
  StreamHeader load_header_;
  Verdict verdict_;
};

StateHandlerCore::StateHandlerCore(std::unique_ptr<ErasedDevice> device,
                                   StateOptions options)
    : impl_(std::make_unique<Impl>(std::move(device), std::move(options))) {}

StateHandlerCore::~StateHandlerCore() = default;

absl::StatusOr<Verdict> StateHandlerCore::PreCheck(uint32_t version) {
  return impl_->PreCheck(version);
}

absl::Status StateHandlerCore::Save(ByteSink& sink) {
  return impl_->Save(sink);
}

LoadResult StateHandlerCore::Load(ByteSource& source) {
  return impl_->Load(source);
}

LoadResult StateHandlerCore::Commit() { return impl_->Commit(); }

void StateHandlerCore::Discard() { impl_->Discard(); }

}  // namespace devstate
