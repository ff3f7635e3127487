// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/state_handler.h"

#include <set>
#include <utility>

#include "devstate/backend/preparation.h"
#include "devstate/backend/schema_judge.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/empty_chunk.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/root_message.h"
#include "devstate/serializer/save_filter.h"
#include "devstate/serializer/used_features.h"
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
      : schema_(schema), root_(root), roots_(root) {}

  const SchemaInfo& schema() const override { return schema_; }

  absl::StatusOr<absl::string_view> FilterRoot(
      absl::string_view root) override {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<Message> message,
                        roots_.Parse(root));
    AddUsedFeatures(*message, &features_);
    return absl::string_view();
  }

  absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) override {
    AddUsedFeaturesOfBatch(
        *root_.FindFieldByNumber(static_cast<int>(batch.header.field)),
        batch.payload, &features_);
    return EmptyChunk(batch);
  }

  std::vector<std::string> features() const {
    return {features_.begin(), features_.end()};
  }

 private:
  const SchemaInfo& schema_;
  const Descriptor& root_;
  RootFactory roots_;
  std::set<std::string> features_;
};

GateOptions MakeGateOptions(const StateOptions& options) {
  GateOptions gate;
  gate.steps = options.steps.get();
  gate.quirks = options.quirks.get();
  gate.accept = options.accept;
  gate.limits = options.limits;
  return gate;
}

StateReport ToStateReport(const TransferReport& made) {
  StateReport report;
  report.event = made.event;
  report.status = made.status;
  report.verdict = ToVerdict(made.verdict);
  report.verdict_line = made.verdict_line;
  report.saved_version = made.saved_version;
  report.stream_bytes = made.stream_bytes;
  report.decoded_bytes = made.decoded_bytes;
  report.chunks = made.chunks;
  report.records = made.records;
  report.prepared_chunks = made.prepared_chunks;
  return report;
}

TransferOptions MakeTransferOptions(const StateOptions& options) {
  TransferOptions transfer;
  transfer.writer = options.writer;
  transfer.save_version = options.save_version;
  transfer.limits = options.limits;
  transfer.load_report_file = options.load_report_file;
  transfer.load_report_fd = options.load_report_fd;
  // A quirk is one of values, which the schema does not show.
  transfer.judge_all = options.quirks != nullptr;
  if (options.report) {
    transfer.report = [report = options.report](const TransferReport& made) {
      report(ToStateReport(made));
    };
  }
  return transfer;
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

std::vector<PreparedField*> ErasedDevice::Prepared() { return {}; }

absl::StatusOr<std::vector<std::string>> ErasedDevice::BeginRounds() {
  DS_ASSIGN_OR_RETURN(const SchemaView view, View());
  for (PreparedField* const field : fields_) field->BeginRounds();
  const std::set<std::string> features = AllFeatures(*view.root);
  return std::vector<std::string>(features.begin(), features.end());
}

uint64_t ErasedDevice::CountChanged() const {
  uint64_t changed = 0;
  for (const PreparedField* const field : fields_) {
    changed += field->CountChanged();
  }
  return changed;
}

void ErasedDevice::EndRounds() {
  for (PreparedField* const field : fields_) field->Forget();
}

// Keeps the preparation from taking the marks of changes.
struct StateHandlerCore::Rounds {
  explicit Rounds(Preparation* preparation) : pause(preparation) {}
  Preparation::Pause pause;
};

StateHandlerCore::StateHandlerCore(std::unique_ptr<ErasedDevice> device,
                                   StateOptions options)
    : options_(std::move(options)) {
  ErasedDevice* const erased = device.get();
  erased->fields_ = erased->Prepared();
  preparation_ =
      std::make_unique<Preparation>(erased->fields_, options_.writer);
  judge_ = MakeSchemaJudge(
      erased->Schema(), [erased] { return erased->View(); }, options_.archive,
      MakeGateOptions(options_), RootForm::kMessage);
  transfer_ = std::make_unique<StateTransfer>(
      std::move(device), MakeTransferOptions(options_),
      [this]() -> absl::StatusOr<StateJudge*> { return judge_.get(); });
}

StateHandlerCore::~StateHandlerCore() = default;

void StateHandlerCore::SetMigrating(bool migrating) {
  if (migrating) {
    preparation_->Start();
  } else {
    preparation_->Forget();
  }
}

absl::StatusOr<Verdict> StateHandlerCore::PreCheck(uint32_t version) {
  const Preparation::Pause pause(preparation_.get());
  DS_ASSIGN_OR_RETURN(const StateVerdict verdict, transfer_->PreCheck(version));
  return ToVerdict(verdict);
}

absl::StatusOr<uint64_t> StateHandlerCore::ExactSize() {
  const Preparation::Pause pause(preparation_.get());
  return transfer_->ExactSize();
}

absl::StatusOr<uint64_t> StateHandlerCore::UpperBound() {
  const Preparation::Pause pause(preparation_.get());
  return transfer_->UpperBound();
}

absl::Status StateHandlerCore::Save(ByteSink& sink) {
  const Preparation::Pause pause(preparation_.get());
  return transfer_->Save(sink);
}

absl::StatusOr<uint64_t> StateHandlerCore::SaveRound(ByteSink& sink,
                                                     bool last) {
  if (rounds_ == nullptr)
    rounds_ = std::make_unique<Rounds>(preparation_.get());
  absl::StatusOr<uint64_t> dirty = transfer_->SaveRound(sink, last);
  if (last || !dirty.ok()) rounds_ = nullptr;
  return dirty;
}

void StateHandlerCore::EndRounds() {
  transfer_->EndRounds();
  rounds_ = nullptr;
}

LoadResult StateHandlerCore::Load(ByteSource& source) {
  return transfer_->Load(source);
}

LoadResult StateHandlerCore::LoadRounds(
    ByteSource& source, const std::function<void(uint32_t)>& on_round) {
  return transfer_->LoadRounds(source, on_round);
}

LoadResult StateHandlerCore::Commit() {
  // The device has another state then, whoever prepared the one before.
  preparation_->Forget();
  return transfer_->Commit();
}

void StateHandlerCore::Discard() { transfer_->Discard(); }

}  // namespace devstate
