// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/batch_converter.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "compat/gate/unknown_columns.h"
#include "devstate/schema/record_check.h"
#include "devstate/serializer/empty_chunk.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::Message;

Chunk ReplacePayload(const Chunk& chunk, absl::string_view payload) {
  Chunk result = chunk;
  result.payload = payload;
  return result;
}

BatchConverter::BatchConverter(ConversionChain* chain, const Limits& limits,
                               StreamFindings* findings)
    : chain_(*chain), limits_(limits), findings_(*findings) {}

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
  return ConvertColumns(batch, written, read);
}

absl::StatusOr<Chunk> BatchConverter::ConvertColumns(const Chunk& batch,
                                                     const FieldModel& written,
                                                     const FieldModel& read) {
  Field& field = fields_[written.number];
  if (!field.has_columns.has_value()) {
    // As the decoder and the encoder of records have it.
    field.has_columns =
        CheckRecordType(*written.message->descriptor, kMaxReadableDepth).ok() &&
        CheckRecordType(*read.message->descriptor).ok();
  }
  if (!*field.has_columns ||
      !chain_.ConvertColumns(written, batch, field.records, limits_, &encoded_,
                             &findings_)) {
    return ConvertRecords(batch, written, read, RecordHooks());
  }
  field.records += batch.header.records;
  if (findings_.level() >= VERDICT_LEVEL_REFUSED) return EmptyChunk(batch);
  Chunk result = ReplacePayload(batch, encoded_.view());
  result.header.field = static_cast<uint32_t>(read.number);
  return result;
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
    findings_.AddDropped(path, "values");
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
        *written.message, *factory_.GetPrototype(written.message->descriptor));
    field.encoder = std::make_unique<BatchEncoder>(*read.message);
  }
  DS_RETURN_IF_ERROR(
      field.decoder->Decode(batch, written.name, limits_, &records_));
  std::vector<bool> fixed(records_.size());
  for (size_t i = 0; hooks.fix_up && i < records_.size(); ++i) {
    fixed[i] = hooks.fix_up(records_[i].get());
  }
  const bool changes =
      !hooks.same || std::find(fixed.begin(), fixed.end(), true) != fixed.end();
  for (size_t i = 0; i < records_.size(); ++i) {
    findings_.SetRecord(written.name, field.records++);
    std::unique_ptr<Message> converted;
    const Message* result = records_[i].get();
    if (!hooks.same || fixed[i]) {
      converted = chain_.ConvertRecord(written, *result, &findings_);
      result = converted.get();
    }
    if (hooks.check) hooks.check(*result);
    if (!changes || findings_.level() >= VERDICT_LEVEL_REFUSED) continue;
    const absl::Status status = field.encoder->Append(*result);
    if (!status.ok())
      return batch.Error(ERROR_REASON_MALFORMED, status.message());
  }
  if (findings_.level() >= VERDICT_LEVEL_REFUSED) {
    field.encoder->Clear();
    return EmptyChunk(batch);
  }
  if (!changes) return batch;
  encoded_.clear();
  MessageWriter writer(&encoded_);
  const absl::Status status = field.encoder->Encode(writer);
  field.encoder->Clear();
  if (!status.ok()) {
    return batch.Error(ERROR_REASON_MALFORMED, status.message());
  }
  Chunk result = ReplacePayload(batch, encoded_.view());
  result.header.field = static_cast<uint32_t>(read.number);
  return result;
}

}  // namespace devstate
