// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One save or load at a time, from the device's codec to a verdict and the
// answer to CHECK_DEVICE_STATE. It knows neither the types of the state nor
// file descriptors, so that all of it is compiled once. What it knows of
// verdicts is that a state of the device's own schema needs none.

#include "devstate/backend/state_transfer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/backend/load_report_file.h"
#include "devstate/compat/load_line.h"
#include "devstate/schema/name_text.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/empty_chunk.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/push_source.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/save_filter.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::devstate::vhost_user::LoadResult;

using OnRound = std::function<void(uint32_t)>;

// A gate that is made when a chunk, or the header, asks for it. A stream of the
// reader's own schema may never do that, and the descriptors that a gate needs
// are not for every downtime. Lets the device look ahead at rounds.
class LateGate : public ChunkFilter {
 public:
  // Requires: all outlive the gate.
  LateGate(TransferDevice& device, const JudgeSource& judge, bool judge_all)
      : device_(device), judge_(judge), judge_all_(judge_all) {}

  // As StreamGate's.
  absl::Status OnHeader(const StreamHeader& header) {
    header_ = &header;
    return IsOfSchema(header, device_.Schema()) && !judge_all_
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
  bool LookAhead(const Chunk& chunk) override {
    const bool looks = device_.LooksAhead();
    if (chunk.header.type == ChunkType::kRoundComplete) {
      if (looks) device_.OnRoundComplete();
      if (on_round_) on_round_(chunk.header.field);
    }
    return looks;
  }
  std::shared_ptr<google::protobuf::Message> TakeRoot() override {
    return gate_ == nullptr ? nullptr : gate_->TakeRoot();
  }
  void set_on_round(OnRound on_round) { on_round_ = std::move(on_round); }
  absl::Status OnEnd() {
    return gate_ == nullptr ? absl::OkStatus() : gate_->OnEnd();
  }
  // The gate, or null.
  const LoadJudge* gate() const { return gate_.get(); }

 private:
  absl::Status MakeGate() {
    DS_ASSIGN_OR_RETURN(StateJudge* const judge, judge_());
    DS_ASSIGN_OR_RETURN(gate_, judge->MakeLoadJudge());
    return gate_->OnHeader(*header_);
  }

  TransferDevice& device_;
  const JudgeSource& judge_;
  const bool judge_all_;
  OnRound on_round_;
  const StreamHeader* header_ = nullptr;
  std::unique_ptr<LoadJudge> gate_;
};

// The most bytes that the counts of a trailer without rounds take.
constexpr uint64_t kMaxTrailerCounts = 64;

// Adds up what the chunks of a state take without compression, and lets none of
// them be written. Their columns are those of the state as it is saved, which
// stores a chunk in no more bytes than that.
class SizeOfChunks : public SaveFilter {
 public:
  // Requires: `schema` outlives the filter.
  explicit SizeOfChunks(const SchemaInfo& schema) : schema_(schema) {}

  const SchemaInfo& schema() const override { return schema_; }
  absl::StatusOr<absl::string_view> FilterRoot(
      absl::string_view root) override {
    size_ += root.size();
    return absl::string_view();
  }
  absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) override {
    size_ += kChunkHeaderSize + batch.payload.size();
    return EmptyChunk(batch);
  }

  uint64_t size() const { return size_; }

 private:
  const SchemaInfo& schema_;
  uint64_t size_ = 0;
};

}  // namespace

bool TransferDevice::Takes(const Chunk&) const { return false; }
absl::StatusOr<std::vector<std::string>> TransferDevice::BeginRounds() {
  return absl::UnimplementedError("the device has no rounds");
}
absl::Status TransferDevice::SaveRound(RecordWriter&, bool) {
  return BeginRounds().status();
}
uint64_t TransferDevice::CountChanged() const { return 0; }
void TransferDevice::EndRounds() {}
bool TransferDevice::LooksAhead() const { return false; }
void TransferDevice::OnRoundComplete() {}

WriterOptions Uncompressed(WriterOptions options) {
  options.compression = Compression::Raw();
  return options;
}

class StateTransfer::Impl {
 public:
  Impl(std::unique_ptr<TransferDevice> device, TransferOptions options,
       JudgeSource judge)
      : device_(std::move(device)),
        options_(std::move(options)),
        judge_(std::move(judge)),
        schema_(device_->Schema()) {}

  absl::StatusOr<StateVerdict> PreCheck(uint32_t version) {
    DS_ASSIGN_OR_RETURN(const WriterOptions options, MakeWriterOptions());
    return PreCheck(version, Uncompressed(options));
  }

  absl::StatusOr<uint64_t> ExactSize() {
    NullSink nowhere;
    TransferReport report;
    DS_RETURN_IF_ERROR(SaveTo(nowhere, &report));
    return report.stream_bytes;
  }

  absl::StatusOr<uint64_t> UpperBound() {
    DS_ASSIGN_OR_RETURN(const WriterOptions options, MakeWriterOptions());
    DS_ASSIGN_OR_RETURN(const uint32_t version,
                        ChooseVersion(Uncompressed(options)));
    // What a conversion makes of the columns is known when it has made it.
    if (version != schema_.version) return ExactSize();
    NullSink nowhere;
    SizeOfChunks chunks(schema_);
    const std::shared_ptr<RecordWriter> writer =
        device_->MakeWriter(&nowhere, options);
    writer->SetFilter(&chunks);
    DS_RETURN_IF_ERROR(device_->SaveState(*writer));
    // Header, empty root chunk and the trailer of a state of one chunk.
    return writer->stream().bytes_written() + chunks.size() + kMaxTrailerCounts;
  }

  absl::Status Save(ByteSink& sink) {
    TransferReport report;
    report.event = TransferEvent::kSaved;
    report.status = SaveTo(sink, &report);
    Report(report);
    return report.status;
  }

  absl::StatusOr<uint64_t> SaveRound(ByteSink& sink, bool last) {
    absl::Status status =
        rounds_ == nullptr ? BeginRounds(sink) : absl::OkStatus();
    if (status.ok()) status = device_->SaveRound(*rounds_->writer, last);
    if (status.ok() && !last) return DirtyBytes();
    TransferReport report;
    report.event = TransferEvent::kSaved;
    report.status = status;
    report.saved_version = schema_.version;
    if (rounds_ != nullptr) CountStream(*rounds_->writer, &report);
    EndRounds();
    Report(report);
    if (!status.ok()) return status;
    return uint64_t{0};
  }

  void EndRounds() {
    if (rounds_ == nullptr) return;
    rounds_ = nullptr;
    device_->EndRounds();
  }

  LoadResult Load(ByteSource& source, const OnRound& on_round) {
    if (load_ == nullptr) {
      device_->StageLoad();
      load_header_ = {};
      load_ = std::make_unique<UnderWay>(
          device_->MakeReader(&source, options_.limits),
          LateGate(*device_, judge_, options_.judge_all));
    }
    TransferReport report;
    report.event = TransferEvent::kVerified;
    load_->gate.set_on_round(on_round);
    report.status = Read(*load_);
    if (NeedsMoreBytes(report.status)) return report.status;
    const std::unique_ptr<UnderWay> load = std::move(load_);
    const LateGate& gate = load->gate;
    const StreamReader& stream = load->reader->stream();
    report.stream_bytes = stream.offset();
    report.decoded_bytes = stream.decoded_bytes();
    report.chunks = stream.chunks();
    report.records = stream.records();
    if (gate.gate() != nullptr) {
      verdict_ = gate.gate()->Judge(report.status);
    } else {
      StateVerdict identical;
      identical.level = kIdenticalLevel;
      verdict_ = JudgeOutcome(identical, report.status);
    }
    return FinishLoad(&report);
  }

  LoadResult Commit() {
    TransferReport report;
    report.event = TransferEvent::kCommitted;
    report.status = device_->Commit();
    verdict_ = JudgeOutcome(verdict_, report.status);
    device_->Unstage();
    return FinishLoad(&report);
  }

  void Discard() {
    load_ = nullptr;
    device_->Unstage();
  }

 private:
  // A load whose source has not ended.
  struct UnderWay {
    UnderWay(std::shared_ptr<RecordReader> reader, LateGate gate)
        : reader(std::move(reader)), gate(std::move(gate)) {}

    const std::shared_ptr<RecordReader> reader;
    LateGate gate;
    bool header_judged = false;
  };

  // A state of which more rounds come.
  struct Rounds {
    std::shared_ptr<RecordWriter> writer;
    // What a record of the first round takes in the stream; 0 before its end.
    double bytes_of_record = 0;
  };

  // --- Saves ---

  absl::Status BeginRounds(ByteSink& sink) {
    const SaveVersion& version = options_.save_version;
    if (version.choice == SaveVersion::Choice::kLowest ||
        (version.choice == SaveVersion::Choice::kPinned &&
         version.version != schema_.version)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "a state in rounds is one of version ", schema_.version,
          " of its schema, the device's own, and saves are set to another: "
          "save the state whole"));
    }
    WriterOptions options = options_.writer;
    DS_ASSIGN_OR_RETURN(options.used_features, device_->BeginRounds());
    rounds_ = std::make_unique<Rounds>();
    rounds_->writer = MakeCheckedWriter(sink, options);
    return absl::OkStatus();
  }

  uint64_t DirtyBytes() {
    const StreamWriter& stream = rounds_->writer->stream();
    if (rounds_->bytes_of_record == 0 && stream.records() != 0) {
      rounds_->bytes_of_record = static_cast<double>(stream.bytes_written()) /
                                 static_cast<double>(stream.records());
    }
    return static_cast<uint64_t>(rounds_->bytes_of_record *
                                 static_cast<double>(device_->CountChanged()));
  }

  // Returns a writer that writes no root which every reader would refuse.
  std::shared_ptr<RecordWriter> MakeCheckedWriter(
      ByteSink& sink, const WriterOptions& options) {
    std::shared_ptr<RecordWriter> writer = device_->MakeWriter(&sink, options);
    writer->SetRootCheck([this](const StreamHeader& header,
                                absl::string_view root) -> absl::Status {
      DS_ASSIGN_OR_RETURN(StateJudge* const judge, judge_());
      return judge->CheckRoot(header, root);
    });
    return writer;
  }

  static void CountStream(const RecordWriter& writer, TransferReport* report) {
    const StreamWriter& stream = writer.stream();
    report->stream_bytes = stream.bytes_written();
    report->decoded_bytes = stream.decoded_bytes();
    report->chunks = stream.chunks();
    report->records = stream.records();
    report->prepared_chunks = stream.stored_chunks();
  }

  absl::Status SaveTo(ByteSink& sink, TransferReport* report) {
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
      case SaveVersion::Choice::kLowest: {
        DS_ASSIGN_OR_RETURN(StateJudge* const judge, judge_());
        for (const uint32_t version : judge->OlderVersions()) {
          DS_ASSIGN_OR_RETURN(const StateVerdict verdict,
                              PreCheck(version, options));
          if (verdict.level < kLossyLevel) return version;
        }
      }
    }
    return schema_.version;
  }

  absl::StatusOr<StateVerdict> PreCheck(uint32_t version,
                                        const WriterOptions& options) {
    NullSink nowhere;
    TransferReport report;
    const absl::Status status = SaveAs(version, options, nowhere, &report);
    if (status.ok() || report.verdict.level >= kRefusedLevel) {
      return report.verdict;
    }
    return status;
  }

  absl::Status SaveAs(uint32_t version, const WriterOptions& options,
                      ByteSink& sink, TransferReport* report) {
    const std::shared_ptr<RecordWriter> writer =
        MakeCheckedWriter(sink, options);
    std::unique_ptr<SaveJudge> profile;
    absl::Status status;
    if (version != schema_.version) {
      DS_ASSIGN_OR_RETURN(StateJudge* const judge, judge_());
      DS_ASSIGN_OR_RETURN(profile, judge->MakeSaveJudge(version, options));
      writer->SetFilter(profile.get());
      status = profile->Begin();
    }
    if (status.ok()) status = device_->SaveState(*writer);
    if (profile != nullptr) report->verdict = profile->verdict();
    report->saved_version = version;
    CountStream(*writer, report);
    return status;
  }

  // --- Loads ---

  // Judges the header before anything else of the stream is looked at.
  absl::Status Read(UnderWay& load) {
    if (!load.header_judged) {
      DS_ASSIGN_OR_RETURN(const StreamHeader* header,
                          load.reader->ReadHeader());
      load_header_ = *header;
      load_header_.descriptor_set.clear();
      DS_RETURN_IF_ERROR(load.gate.OnHeader(*header));
      load.reader->SetFilter(&load.gate);
      load.header_judged = true;
    }
    DS_RETURN_IF_ERROR(device_->ReadState(*load.reader));
    DS_RETURN_IF_ERROR(load.gate.OnEnd());
    return device_->Prepare();
  }

  // Returns `before` with what `outcome` adds to it.
  StateVerdict JudgeOutcome(const StateVerdict& before,
                            const absl::Status& outcome) const {
    if (outcome.ok()) return before;
    const absl::StatusOr<StateJudge*> judge = judge_();
    if (judge.ok()) return (*judge)->JudgeFailure(before, outcome);
    StateVerdict refused;
    refused.level = kRefusedLevel;
    refused.text = std::string(outcome.message());
    return refused;
  }

  // Sets the line and the answer to CHECK_DEVICE_STATE.
  void Describe(TransferReport* report) const {
    if (report->status.ok() && verdict_.whole == nullptr) {
      report->verdict_line = LoadLine("identical", load_header_, schema_);
      return;
    }
    const absl::StatusOr<StateJudge*> judge = judge_();
    if (judge.ok()) {
      report->verdict_line = (*judge)->LogLine(verdict_, load_header_);
      report->check_reply = (*judge)->CheckReply(verdict_, report->status);
      return;
    }
    report->verdict_line = absl::StrCat(
        LoadLine("refused", load_header_, schema_), ": ",
        PrintableText(report->status.message()),
        report->status == judge.status()
            ? std::string()
            : absl::StrCat("; without a verdict: ", judge.status().message()));
    report->check_reply = MakeCheckReply(verdict_.level, 0, 0, 0);
  }

  absl::Status WriteReport() const {
    if (options_.load_report_file.empty() && options_.load_report_fd < 0) {
      return absl::OkStatus();
    }
    DS_ASSIGN_OR_RETURN(const StateJudge* const judge, judge_());
    return WriteLoadReport(judge->LoadReportJson(verdict_, load_header_),
                           options_.load_report_file, options_.load_report_fd);
  }

  // Reports on the load by its verdict and makes its result. A load that has
  // failed or was committed is over.
  LoadResult FinishLoad(TransferReport* report) {
    report->verdict = verdict_;
    Describe(report);
    if (!report->status.ok() || report->event == TransferEvent::kCommitted) {
      // The load is what it is, with or without its report.
      if (const absl::Status written = WriteReport(); !written.ok()) {
        absl::StrAppend(&report->verdict_line,
                        "; the report was not written: ", written.message());
      }
    }
    Report(*report);
    return {report->status, report->check_reply};
  }

  void Report(const TransferReport& report) const {
    if (options_.report) options_.report(report);
  }

  const std::unique_ptr<TransferDevice> device_;
  const TransferOptions options_;
  const JudgeSource judge_;
  const SchemaInfo& schema_;
  // Null unless rounds are under way.
  std::unique_ptr<Rounds> rounds_;
  std::unique_ptr<UnderWay> load_;
  // Header, without descriptors, and verdict of the current load.
  StreamHeader load_header_;
  StateVerdict verdict_;
};

StateTransfer::StateTransfer(std::unique_ptr<TransferDevice> device,
                             TransferOptions options, JudgeSource judge)
    : impl_(std::make_unique<Impl>(std::move(device), std::move(options),
                                   std::move(judge))) {}

StateTransfer::~StateTransfer() = default;

absl::StatusOr<StateVerdict> StateTransfer::PreCheck(uint32_t version) {
  return impl_->PreCheck(version);
}

absl::StatusOr<uint64_t> StateTransfer::ExactSize() {
  return impl_->ExactSize();
}

absl::StatusOr<uint64_t> StateTransfer::UpperBound() {
  return impl_->UpperBound();
}

absl::Status StateTransfer::Save(ByteSink& sink) { return impl_->Save(sink); }

absl::StatusOr<uint64_t> StateTransfer::SaveRound(ByteSink& sink, bool last) {
  return impl_->SaveRound(sink, last);
}

void StateTransfer::EndRounds() { impl_->EndRounds(); }

LoadResult StateTransfer::Load(ByteSource& source) {
  return impl_->Load(source, nullptr);
}

LoadResult StateTransfer::LoadRounds(ByteSource& source,
                                     const OnRound& on_round) {
  return impl_->Load(source, on_round);
}

LoadResult StateTransfer::Commit() { return impl_->Commit(); }

void StateTransfer::Discard() { impl_->Discard(); }

}  // namespace devstate
