// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/gate/stream_gate.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"
#include "compat/dynamic/batch_codec.h"
#include "compat/dynamic/record_layout.h"
#include "compat/embedded_schema.h"
#include "compat/gate/constraints.h"
#include "compat/gate/stream_findings.h"
#include "compat/gate/unknown_columns.h"
#include "compat/gate/wire_check.h"
#include "compat/load_gate.h"
#include "google/protobuf/dynamic_message.h"
#include "serializer/internal/byte_buffer.h"
#include "serializer/message_writer.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
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

Finding MakeFinding(absl::string_view rule, VerdictLevel level,
                    std::string text) {
  Finding finding;
  finding.set_rule(std::string(rule));
  finding.set_level(level);
  finding.set_text(std::move(text));
  return finding;
}

Finding ToFinding(const SchemaFinding& found, bool upgrade) {
  Finding finding = MakeFinding(found.rule, found.level, found.text);
  finding.set_path(found.path);
  // A verdict has the writer first.
  finding.set_old(upgrade ? found.old_text : found.new_text);
  finding.set_new_(upgrade ? found.new_text : found.old_text);
  return finding;
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
      : reader_(reader), writer_(reader), options_(options) {}

  absl::Status OnHeader(const StreamHeader& header) {
    header_ = &header;
    upgrade_ = header.schema_version() <= reader_.model->version();
    const Verdict judged = JudgeHeader(header, InfoOf(*reader_.model));
    base_ = judged.level() == IDENTICAL ? IDENTICAL : COMPATIBLE;
    for (const Finding& finding : judged.findings()) findings_.Add(finding);
    same_ = judged.level() == IDENTICAL;
    if (judged.level() == COMPATIBLE) FindWriter();
    chain_ = std::make_unique<ConversionChain>(
        writer_, reader_, options_.archive, options_.steps);
    if (findings_.level() < REFUSED) AddSchemaFindings();
    FindQuirks();
    // Without sense for this reader: of the chunks only damage is of interest.
    header_refused_ = findings_.level() >= REFUSED;
    constraints_ = std::make_unique<ConstraintChecker>(
        reader_.model, std::set<std::string>(header.used_features().begin(),
                                             header.used_features().end()));
    return Refusal();
  }

  absl::StatusOr<Chunk> Filter(const Chunk& chunk) {
    if (header_refused_) return Nothing(chunk);
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
    Verdict verdict;
    verdict.set_level(std::max(base_, findings_.level()));
    for (Finding& finding : findings_.Sorted()) {
      finding.set_field_number(FieldNumberAt(finding.path()));
      *verdict.add_findings() = std::move(finding);
    }
    return verdict;
  }

  bool upgrade() const { return upgrade_; }

 private:
  // Paths have the names of the newer schema.
  uint32_t FieldNumberAt(const std::string& path) const {
    if (path.empty()) return 0;
    const MessageModel* message = (upgrade_ ? reader_ : writer_).model->root;
    const FieldModel* field = nullptr;
    for (const absl::string_view name : absl::StrSplit(path, '.')) {
      field = message == nullptr ? nullptr : message->FindName(name);
      if (field == nullptr) return 0;
      message = field->message;
    }
    return static_cast<uint32_t>(field->number);
  }

  // --- The header ---

  // The writer's schema, from the archive or else from the stream; the reader's
  // own if there is none, so that everything else counts as unknown.
  void FindWriter() {
    if (options_.writer != nullptr &&
        options_.writer->model->fingerprint == header_->fingerprint()) {
      writer_ = *options_.writer;
      return;
    }
    const LoadedSchema* known =
        options_.archive == nullptr
            ? nullptr
            : options_.archive->FindFingerprint(header_->fingerprint());
    if (known == nullptr && !header_->descriptor_set().empty()) {
      absl::StatusOr<LoadedSchema> embedded = LoadEmbeddedSchema(*header_);
      if (!embedded.ok()) {
        findings_.Add(MakeFinding(
            "writer-schema-invalid", REFUSED,
            absl::StrCat("the schema in the stream's header cannot be used: ",
                         embedded.status().message())));
        return;
      }
      embedded_ = std::make_unique<LoadedSchema>(*std::move(embedded));
      known = embedded_.get();
    }
    if (known == nullptr) {
      findings_.Add(MakeFinding(
          "writer-schema-unknown", COMPATIBLE,
          "the stream does not carry its schema and this reader does not know "
          "it: whatever the reader does not know counts as critical"));
      return;
    }
    writer_ = {&known->root(), &known->model()};
    if (known->model().version() != header_->schema_version() ||
        known->model().schema() != header_->schema() ||
        known->model().root->full_name != header_->root_message()) {
      findings_.Add(MakeFinding(
          "writer-schema-invalid", REFUSED,
          absl::StrCat("the stream says that it is of ", header_->schema(),
                       " version ", header_->schema_version(),
                       ", its fingerprint is that of ", known->model().schema(),
                       " version ", known->model().version(),
                       ": save it again")));
    }
  }

  void AddSchemaFindings() {
    for (const SchemaFinding& found : chain_->findings()) {
      // What only the state decides, the chunks tell.
      if (found.level == LOSSY || found.level == CONDITIONAL) continue;
      findings_.Add(ToFinding(found, upgrade_));
    }
  }

  void FindQuirks() {
    if (options_.quirks == nullptr) return;
    for (const Quirk& quirk : *options_.quirks) {
      if (!Applies(quirk, *header_)) continue;
      const bool refused = quirk.fix_up == nullptr;
      Finding finding = MakeFinding(refused ? "quirk-refused" : "quirk-fixed",
                                    refused ? REFUSED : CONVERTED,
                                    absl::StrCat(quirk.name, ": ", quirk.text));
      finding.set_old(absl::StrCat(header_->writer().name(), " ",
                                   header_->writer().version()));
      findings_.Add(finding);
      if (!refused) fix_ups_[quirk.record_field].push_back(&quirk);
    }
  }

  // --- Chunks ---

  absl::StatusOr<Chunk> OnRoot(const Chunk& chunk) {
    if (!CheckWire(chunk.payload, *writer_.root, &findings_)) {
      return chunk.Error(MALFORMED, absl::StrCat("not a well-formed ",
                                                 writer_.root->full_name()));
    }
    if (findings_.level() >= REFUSED) return Nothing(chunk);
    std::unique_ptr<Message> written(Prototype(*writer_.root).New());
    if (!written->ParseFromArray(chunk.payload.data(),
                                 static_cast<int>(chunk.payload.size()))) {
      return chunk.Error(MALFORMED, absl::StrCat("not a well-formed ",
                                                 writer_.root->full_name()));
    }
    DS_RETURN_IF_ERROR(CheckNoRecords(chunk, *written));
    const bool fixed = FixUp("", written.get());
    if (same_ && !fixed) {
      constraints_->CheckRoot(*written, &findings_);
      return chunk;
    }
    const std::unique_ptr<Message> read =
        chain_->ConvertRoot(*written, &findings_);
    if (findings_.level() < REFUSED) {
      constraints_->CheckRoot(*read, &findings_);
    }
    payload_ = read->SerializePartialAsString();
    return Replaced(chunk, payload_);
  }

  absl::Status CheckNoRecords(const Chunk& chunk, const Message& root) {
    for (const FieldModel& field : writer_.model->root->fields) {
      if (!HoldsRecords(field)) continue;
      const FieldDescriptor* descriptor =
          root.GetDescriptor()->FindFieldByNumber(field.number);
      if (root.GetReflection()->FieldSize(root, descriptor) != 0) {
        return chunk.Error(
            MALFORMED,
            absl::StrCat(field.name, ": records outside of a batch"));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Chunk> OnBatch(const Chunk& chunk) {
    const FieldModel* written =
        writer_.model->root->FindNumber(static_cast<int>(chunk.header.field));
    if (written == nullptr || !HoldsRecords(*written)) {
      return OnUnknownBatch(chunk);
    }
    const FieldModel* read = chain_->RecordField(*written, &findings_);
    if (read == nullptr) return Nothing(chunk);
    // Whoever looks at a record, or changes one, needs records.
    if (options_.check_records || fix_ups_.count(written->name) != 0) {
      return ConvertBatch(chunk, *written, *read);
    }
    if (same_) return chunk;
    if (read->number == written->number && chain_->PassesUnchanged(*written)) {
      switch (FindUnknownColumns(chunk.payload, *written->message,
                                 *read->message)) {
        case UnknownColumns::kNone:
          return chunk;
        case UnknownColumns::kIgnorable:
          return DropColumns(chunk, *written, *read);
        case UnknownColumns::kOthers:
          // The records tell which one it is.
          break;
      }
    }
    return ConvertColumns(chunk, *written, *read);
  }

  // As ConvertBatch(), which has to help where whole columns do not tell all.
  absl::StatusOr<Chunk> ConvertColumns(const Chunk& chunk,
                                       const FieldModel& written,
                                       const FieldModel& read) {
    Field& field = fields_[written.number];
    if (!field.has_columns.has_value()) {
      field.has_columns = CheckRecordType(RecordOf(writer_, written)).ok() &&
                          CheckRecordType(RecordOf(reader_, read)).ok();
    }
    if (!*field.has_columns ||
        !chain_->ConvertColumns(written, chunk, field.records, options_.limits,
                                &encoded_, &findings_)) {
      return ConvertBatch(chunk, written, read);
    }
    field.records += chunk.header.records;
    Chunk result = Replaced(chunk, encoded_.view());
    result.header.field = static_cast<uint32_t>(read.number);
    return result;
  }

  Chunk DropColumns(const Chunk& chunk, const FieldModel& written,
                    const FieldModel& read) {
    encoded_.clear();
    MessageWriter writer(&encoded_);
    std::vector<std::string> dropped;
    CopyKnownColumns(chunk.payload, *written.message, *read.message,
                     written.name, &writer, &dropped);
    findings_.SetRecord("", 0);
    for (const std::string& path : dropped) {
      findings_.AddDropped(path, "values");
    }
    return Replaced(chunk, encoded_.view());
  }

  absl::StatusOr<Chunk> OnUnknownBatch(const Chunk& chunk) {
    if ((chunk.header.flags & kChunkFlagIgnorable) != 0) {
      findings_.SetRecord("", 0);
      findings_.Add("ignorable-dropped", LOSSY,
                    absl::StrCat(chunk.header.field), "records", "",
                    "the reader does not know the records and drops them, as "
                    "the writer allows");
      return Nothing(chunk);
    }
    return chunk.Error(
        UNKNOWN_CONTENT,
        absl::StrCat("records of field ", chunk.header.field, " of ",
                     writer_.root->full_name(), " are unknown in version ",
                     writer_.model->version(), " of the schema"));
  }

  absl::StatusOr<Chunk> ConvertBatch(const Chunk& chunk,
                                     const FieldModel& written,
                                     const FieldModel& read) {
    Field& field = fields_[written.number];
    if (field.decoder == nullptr) {
      field.decoder =
          std::make_unique<BatchDecoder>(Prototype(RecordOf(writer_, written)));
      field.encoder = std::make_unique<BatchEncoder>(RecordOf(reader_, read));
    }
    DS_RETURN_IF_ERROR(
        field.decoder->Decode(chunk, written.name, options_.limits, &records_));
    for (const std::unique_ptr<Message>& record : records_) {
      findings_.SetRecord(written.name, field.records++);
      const bool fixed = FixUp(written.name, record.get());
      std::unique_ptr<Message> converted;
      const Message* result = record.get();
      if (!same_ || fixed) {
        converted = chain_->ConvertRecord(written, *record, &findings_);
        result = converted.get();
      }
      if (options_.check_records) {
        constraints_->CheckRecord(read, *result, &findings_);
      }
      if (findings_.level() >= REFUSED) continue;
      absl::Status status = field.encoder->Append(*result);
      if (!status.ok()) return chunk.Error(MALFORMED, status.message());
    }
    if (findings_.level() >= REFUSED) {
      field.encoder->Clear();
      return Nothing(chunk);
    }
    encoded_.clear();
    MessageWriter writer(&encoded_);
    field.encoder->Encode(writer);
    field.encoder->Clear();
    Chunk result = Replaced(chunk, encoded_.view());
    result.header.field = static_cast<uint32_t>(read.number);
    return result;
  }

  bool FixUp(const std::string& record_field, Message* message) {
    const auto found = fix_ups_.find(record_field);
    if (found == fix_ups_.end()) return false;
    for (const Quirk* quirk : found->second) quirk->fix_up(message);
    return true;
  }

  static Chunk Replaced(const Chunk& chunk, absl::string_view payload) {
    Chunk result = chunk;
    result.payload = payload;
    result.header.decoded_size = static_cast<uint32_t>(payload.size());
    return result;
  }

  static Chunk Nothing(const Chunk& chunk) {
    Chunk result = Replaced(chunk, "");
    result.header.records = 0;
    return result;
  }

  const Message& Prototype(const Descriptor& type) {
    return *factory_.GetPrototype(&type);
  }

  static const Descriptor& RecordOf(const SchemaView& schema,
                                    const FieldModel& field) {
    return *schema.root->FindFieldByNumber(field.number)->message_type();
  }

  // Whether what was found so far ends the load.
  absl::Status Refusal() {
    if (options_.accept < LOSSY && findings_.level() == LOSSY) {
      findings_.Add(MakeFinding(
          "policy", REFUSED,
          "the state loads without data that its writer declares ignorable, "
          "and this reader is told not to accept that"));
    }
    if (findings_.level() < REFUSED) return absl::OkStatus();
    // A check goes on, for the other findings.
    if (options_.check_records) return absl::OkStatus();
    return VerdictStatus(verdict());
  }

  struct Field {
    // Whether its records can travel in batches.
    absl::optional<bool> has_columns;
    std::unique_ptr<BatchDecoder> decoder;
    std::unique_ptr<BatchEncoder> encoder;
    uint64_t records = 0;
  };

  const SchemaView reader_;
  SchemaView writer_;
  const GateOptions options_;
  std::unique_ptr<LoadedSchema> embedded_;
  const StreamHeader* header_ = nullptr;
  bool upgrade_ = true;
  bool same_ = false;
  bool header_refused_ = false;
  VerdictLevel base_ = VERDICT_UNSPECIFIED;
  StreamFindings findings_;
  // By the name of the record's field.
  std::map<std::string, std::vector<const Quirk*>> fix_ups_;
  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<ConstraintChecker> constraints_;
  std::unique_ptr<ConversionChain> chain_;
  // By the number of the writer's field.
  std::map<int, Field> fields_;
  std::vector<std::unique_ptr<Message>> records_;
  std::string payload_;
  ByteBuffer encoded_;
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

absl::Status StreamGate::OnEnd() { return impl_->OnEnd(); }

Verdict StreamGate::verdict() const { return impl_->verdict(); }

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
  return JudgeLoad(gate.verdict(), status);
}

}  // namespace devstate
