// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The gate sees a stream in the order in which it arrives, so it judges what
// the header shows first, then each chunk. Findings collect in one place and
// decide after each step. Once the header was refused, the chunks are only
// looked at for damage.

#include "devstate/compat/gate/stream_gate.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/compat/gate/batch_converter.h"
#include "devstate/compat/gate/constraints.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/compat/gate/stream_verdict.h"
#include "devstate/compat/gate/wire_findings.h"
#include "devstate/compat/load_line.h"
#include "devstate/compat/verdict.h"
#include "devstate/schema/embedded_schema.h"
#include "devstate/schema/name_text.h"
#include "devstate/serializer/empty_chunk.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/dynamic_message.h"

namespace devstate {
namespace {

using ::google::protobuf::Message;

SchemaInfo InfoOf(const SchemaModel& model) {
  SchemaInfo info = {};
  info.schema = model.schema();
  info.version = model.version();
  info.min_reader = model.root->annotations.min_reader();
  info.device = model.root->annotations.device();
  info.root_message = model.root->full_name;
  info.fingerprint = model.fingerprint;
  return info;
}

// A finding that is about the whole stream.
Finding StreamFinding(const Rule& rule, VerdictLevel level, std::string text) {
  return MakeFinding(rule, level, "", "", "", std::move(text));
}

}  // namespace

const SchemaView& GeneratedSchema(absl::string_view root_message) {
  static auto& schemas = *new std::map<std::string, SchemaView>();
  static auto& mutex = *new std::mutex();
  const std::lock_guard<std::mutex> lock(mutex);
  const auto [found, added] =
      schemas.emplace(std::string(root_message), SchemaView());
  if (added) {
    found->second.root = google::protobuf::DescriptorPool::generated_pool()
                             ->FindMessageTypeByName(found->first);
    found->second.model =
        new SchemaModel(BuildSchemaModel(*found->second.root));
  }
  return found->second;
}

class StreamGate::Impl {
 public:
  Impl(const SchemaView& reader, const GateOptions& options)
      : reader_(reader), writer_(reader), options_(options) {
    // A message of a generated type can be handed on to generated code as it
    // is.
    factory_.SetDelegateToGeneratedFactory(true);
  }

  absl::Status OnHeader(const StreamHeader& header) {
    header_ = &header;
    upgrade_ = header.schema_version <= reader_.model->version();
    const Verdict judged = JudgeHeader(header, InfoOf(*reader_.model));
    base_ = judged.level() == VERDICT_LEVEL_IDENTICAL
                ? VERDICT_LEVEL_IDENTICAL
                : VERDICT_LEVEL_COMPATIBLE;
    for (const Finding& finding : judged.findings()) findings_.Add(finding);
    same_ = judged.level() == VERDICT_LEVEL_IDENTICAL;
    if (judged.level() == VERDICT_LEVEL_COMPATIBLE) FindWriter();
    chain_ = std::make_unique<ConversionChain>(
        writer_, reader_, options_.archive, options_.steps);
    converter_ = std::make_unique<BatchConverter>(chain_.get(), options_.limits,
                                                  &findings_);
    if (findings_.level() < VERDICT_LEVEL_REFUSED) {
      AddSchemaFindings(*chain_, &findings_);
    }
    FindQuirks();
    // The header was refused, so the chunks are only checked for damage.
    header_refused_ = findings_.level() >= VERDICT_LEVEL_REFUSED;
    constraints_ = std::make_unique<ConstraintChecker>(
        reader_.model, header.schema_version,
        std::set<std::string>(header.used_features.begin(),
                              header.used_features.end()));
    return Refusal();
  }

  absl::StatusOr<Chunk> Filter(const Chunk& chunk) {
    if (header_refused_) return EmptyChunk(chunk);
    absl::StatusOr<Chunk> result =
        chunk.header.type == ChunkType::kRoot ? OnRoot(chunk) : OnBatch(chunk);
    DS_RETURN_IF_ERROR(result.status());
    DS_RETURN_IF_ERROR(Refusal());
    return result;
  }

  absl::Status OnEnd() {
    if (!header_refused_ && options_.check_records) {
      constraints_->CheckEnd(&findings_);
    }
    return Refusal();
  }

  Verdict verdict() const {
    return MakeStreamVerdict(base_, findings_,
                             *(upgrade_ ? reader_ : writer_).model);
  }

  std::shared_ptr<Message> TakeRoot() { return std::move(root_); }

  bool upgrade() const { return upgrade_; }

 private:
  // --- The header ---

  // The writer's schema, from the archive or else from the stream; the reader's
  // own if there is none, so that everything else counts as unknown.
  void FindWriter() {
    const LoadedSchema* known =
        options_.archive == nullptr
            ? nullptr
            : options_.archive->FindFingerprint(header_->fingerprint);
    if (known == nullptr && !header_->descriptor_set.empty()) {
      absl::StatusOr<LoadedSchema> embedded =
          LoadEmbeddedSchema(SchemaOf(*header_));
      if (!embedded.ok()) {
        findings_.Add(StreamFinding(
            rules::kWriterSchemaInvalid, VERDICT_LEVEL_REFUSED,
            absl::StrCat("the schema in the stream's header cannot be used: ",
                         embedded.status().message())));
        return;
      }
      embedded_ = std::make_unique<LoadedSchema>(*std::move(embedded));
      known = embedded_.get();
    }
    if (known == nullptr) {
      findings_.Add(StreamFinding(
          rules::kWriterSchemaUnknown, VERDICT_LEVEL_COMPATIBLE,
          "the stream does not carry its schema and this reader does not know "
          "it: whatever the reader does not know counts as critical"));
      return;
    }
    writer_ = {&known->root(), &known->model()};
    if (known->model().version() != header_->schema_version ||
        known->model().schema() != header_->schema ||
        known->model().root->full_name != header_->root_message) {
      findings_.Add(StreamFinding(
          rules::kWriterSchemaInvalid, VERDICT_LEVEL_REFUSED,
          absl::StrCat("the stream says that it is of ",
                       NameText(header_->schema), " version ",
                       header_->schema_version, ", its fingerprint is that of ",
                       known->model().schema(), " version ",
                       known->model().version(), ": save it again")));
    }
  }

  void FindQuirks() {
    if (options_.quirks == nullptr) return;
    for (const Quirk& quirk : *options_.quirks) {
      if (!Applies(quirk, *header_)) continue;
      const bool refused = quirk.fix_up == nullptr;
      Finding finding = StreamFinding(
          refused ? rules::kQuirkRefused : rules::kQuirkFixed,
          refused ? VERDICT_LEVEL_REFUSED : VERDICT_LEVEL_CONVERTED,
          absl::StrCat(quirk.name, ": ", quirk.text));
      finding.set_written(WriterText(header_->writer));
      findings_.Add(finding);
      if (!refused) fix_ups_[quirk.record_field].push_back(&quirk);
    }
  }

  // --- Chunks ---

  absl::StatusOr<Chunk> OnRoot(const Chunk& chunk) {
    DS_RETURN_IF_ERROR(AddWireFindings(chunk, *writer_.root, &findings_));
    if (findings_.level() >= VERDICT_LEVEL_REFUSED) return EmptyChunk(chunk);
    std::unique_ptr<Message> written(
        factory_.GetPrototype(writer_.root)->New());
    if (!written->ParseFromArray(chunk.payload.data(),
                                 static_cast<int>(chunk.payload.size()))) {
      return chunk.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("not a well-formed ", writer_.root->full_name()));
    }
    const bool fixed = FixUp("", written.get());
    if (same_ && !fixed) {
      root_ = std::move(written);
      constraints_->CheckRoot(*root_, &findings_);
      return chunk;
    }
    root_ = chain_->ConvertRoot(*written, &findings_);
    if (findings_.level() < VERDICT_LEVEL_REFUSED) {
      constraints_->CheckRoot(*root_, &findings_);
    }
    return EmptyChunk(chunk);
  }

  absl::StatusOr<Chunk> OnBatch(const Chunk& chunk) {
    const FieldModel* written =
        writer_.model->root->FindNumber(static_cast<int>(chunk.header.field));
    if (written == nullptr || !HoldsRecords(*written)) {
      return OnUnknownBatch(chunk);
    }
    const FieldModel* read = chain_->RecordField(*written, &findings_);
    if (read == nullptr) return EmptyChunk(chunk);
    if (options_.check_records || fix_ups_.count(written->name) != 0) {
      return converter_->ConvertRecords(chunk, *written, *read,
                                        Hooks(*written, *read));
    }
    if (same_) return chunk;
    return converter_->Convert(chunk, *written, *read);
  }

  BatchConverter::RecordHooks Hooks(const FieldModel& written,
                                    const FieldModel& read) {
    BatchConverter::RecordHooks hooks;
    hooks.same = same_;
    hooks.fix_up = [this, &written](Message* record) {
      return FixUp(written.name, record);
    };
    if (options_.check_records) {
      hooks.check = [this, &read](const Message& record) {
        constraints_->CheckRecord(read, record, &findings_);
      };
    }
    return hooks;
  }

  absl::StatusOr<Chunk> OnUnknownBatch(const Chunk& chunk) {
    if ((chunk.header.flags & kChunkFlagIgnorable) != 0) {
      findings_.SetRecord("", 0);
      findings_.Add(rules::kIgnorableDropped, VERDICT_LEVEL_LOSSY,
                    absl::StrCat(chunk.header.field), "records", "",
                    "the reader does not know the records and drops them, as "
                    "the writer allows");
      return EmptyChunk(chunk);
    }
    return chunk.Error(
        ERROR_REASON_UNKNOWN_CONTENT,
        absl::StrCat("records of field ", chunk.header.field, " of ",
                     writer_.root->full_name(), " are unknown in version ",
                     writer_.model->version(), " of the schema"));
  }

  bool FixUp(const std::string& record_field, Message* message) {
    const auto found = fix_ups_.find(record_field);
    if (found == fix_ups_.end()) return false;
    for (const Quirk* quirk : found->second) quirk->fix_up(message);
    return true;
  }

  // Whether what was found so far ends the load.
  absl::Status Refusal() {
    if (options_.accept < VERDICT_LEVEL_LOSSY &&
        findings_.level() == VERDICT_LEVEL_LOSSY) {
      findings_.Add(StreamFinding(
          rules::kPolicy, VERDICT_LEVEL_REFUSED,
          "the state loads without data that its writer declares ignorable, "
          "and this reader is told not to accept that"));
    }
    if (findings_.level() < VERDICT_LEVEL_REFUSED) return absl::OkStatus();
    // A check goes on, for the other findings.
    if (options_.check_records) return absl::OkStatus();
    return VerdictStatus(verdict());
  }

  const SchemaView reader_;
  SchemaView writer_;
  const GateOptions options_;
  std::unique_ptr<LoadedSchema> embedded_;
  const StreamHeader* header_ = nullptr;
  bool upgrade_ = true;
  bool same_ = false;
  bool header_refused_ = false;
  VerdictLevel base_ = VERDICT_LEVEL_UNSPECIFIED;
  StreamFindings findings_;
  // The quirks by the name of the record's field.
  std::map<std::string, std::vector<const Quirk*>> fix_ups_;
  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<ConstraintChecker> constraints_;
  std::unique_ptr<ConversionChain> chain_;
  std::unique_ptr<BatchConverter> converter_;
  // The root message as the reader has it.
  std::unique_ptr<Message> root_;
};

StreamGate::StreamGate(const SchemaView& reader, const GateOptions& options)
    : impl_(std::make_unique<Impl>(reader, options)) {}
StreamGate::~StreamGate() = default;

absl::Status StreamGate::OnHeader(const StreamHeader& header) {
  return impl_->OnHeader(header);
}

absl::StatusOr<Chunk> StreamGate::Filter(const Chunk& chunk) {
  return impl_->Filter(chunk);
}

std::shared_ptr<Message> StreamGate::TakeRoot() { return impl_->TakeRoot(); }

absl::Status StreamGate::OnEnd() { return impl_->OnEnd(); }

Verdict StreamGate::verdict() const { return impl_->verdict(); }

Verdict StreamGate::Judge(const absl::Status& outcome) const {
  return JudgeLoad(verdict(), outcome);
}

bool StreamGate::upgrade() const { return impl_->upgrade(); }

Verdict CheckStream(ByteSource* source, const SchemaView& reader,
                    GateOptions options, bool* upgrade) {
  options.check_records = true;
  StreamGate gate(reader, options);
  const auto read = [&]() -> absl::Status {
    StreamReader stream(source, options.limits);
    DS_ASSIGN_OR_RETURN(const StreamHeader* header, stream.ReadHeader());
    DS_RETURN_IF_ERROR(gate.OnHeader(*header));
    while (true) {
      DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk,
                          stream.NextChunk());
      if (!chunk.has_value()) return gate.OnEnd();
      DS_RETURN_IF_ERROR(gate.Filter(*chunk).status());
    }
  };
  const absl::Status status = read();
  *upgrade = gate.upgrade();
  return gate.Judge(status);
}

}  // namespace devstate
