// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/batch_converter.h"

#include <string>
#include <utility>

#include "compat/gate/unknown_columns.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::Descriptor;
using ::google::protobuf::Message;

namespace {

const Descriptor& RecordOf(const SchemaView& schema, const FieldModel& field) {
  return *schema.root->FindFieldByNumber(field.number)->message_type();
}

}  // namespace

Chunk ReplacePayload(const Chunk& chunk, absl::string_view payload) {
  Chunk result = chunk;
  result.payload = payload;
  return result;
}

Chunk EmptyChunk(const Chunk& chunk) {
  Chunk result = ReplacePayload(chunk, "");
  result.header.records = 0;
  return result;
}

BatchConverter::BatchConverter(const SchemaView& writer,
                               const SchemaView& reader, ConversionChain* chain,
                               const Limits& limits, StreamFindings* findings)
    : writer_(writer),
      reader_(reader),
      chain_(*chain),
      limits_(limits),
      findings_(*findings) {}

BatchConverter::~BatchConverter() = default;

absl::StatusOr<Chunk> BatchConverter::Convert(const Chunk& batch,
                                              const FieldModel& written,
                                              const FieldModel& read) {
  if (read.number == written.number && chain_.PassesUnchanged(written)) {
    switch (
        FindUnknownColumns(batch.payload, *written.message, *read.message)) {
      case UnknownColumns::kNone:
        return batch;
      case UnknownColumns::kIgnorable:
        return DropColumns(batch, written, read);
      case UnknownColumns::kOthers:
        // The records tell which one it is.
        break;
    }
  }
  return ConvertRecords(batch, written, read, RecordHooks());
}

Chunk BatchConverter::DropColumns(const Chunk& batch, const FieldModel& written,
                                  const FieldModel& read) {
  encoded_.clear();
  MessageWriter writer(&encoded_);
  std::vector<std::string> dropped;
  CopyKnownColumns(batch.payload, *written.message, *read.message, written.name,
                   &writer, &dropped);
  findings_.SetRecord("", 0);
  for (const std::string& path : dropped) {
    findings_.Add("ignorable-dropped", LOSSY, path, "values", "",
                  "the reader does not know the field and drops it, as the "
                  "writer's schema allows");
  }
  return ReplacePayload(batch, encoded_.view());
}

absl::StatusOr<Chunk> BatchConverter::ConvertRecords(const Chunk& batch,
                                                     const FieldModel& written,
                                                     const FieldModel& read,
                                                     const RecordHooks& hooks) {
  Field& field = fields_[written.number];
  if (field.decoder == nullptr) {
    field.decoder = std::make_unique<BatchDecoder>(
        *factory_.GetPrototype(&RecordOf(writer_, written)));
    field.encoder = std::make_unique<BatchEncoder>(RecordOf(reader_, read));
  }
  DS_RETURN_IF_ERROR(
      field.decoder->Decode(batch, written.name, limits_, &records_));
  for (const std::unique_ptr<Message>& record : records_) {
    findings_.SetRecord(written.name, field.records++);
    const bool fixed = hooks.fix_up && hooks.fix_up(record.get());
    std::unique_ptr<Message> converted;
    const Message* result = record.get();
    if (!hooks.same || fixed) {
      converted = chain_.ConvertRecord(written, *record, &findings_);
      result = converted.get();
    }
    if (hooks.check) hooks.check(*result);
    if (findings_.level() >= REFUSED) continue;
    const absl::Status status = field.encoder->Append(*result);
    if (!status.ok()) return batch.Error(MALFORMED, status.message());
  }
  if (findings_.level() >= REFUSED) {
    field.encoder->Clear();
    return EmptyChunk(batch);
  }
  encoded_.clear();
  MessageWriter writer(&encoded_);
  field.encoder->Encode(writer);
  field.encoder->Clear();
  Chunk result = ReplacePayload(batch, encoded_.view());
  result.header.field = static_cast<uint32_t>(read.number);
  return result;
}

}  // namespace devstate
