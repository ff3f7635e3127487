// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/state_reader.h"

#include "absl/strings/str_cat.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::Message;

absl::Status DynamicStateVisitor::OnColumns(const FieldModel& field,
                                            BatchDecoder& batch) {
  Records records;
  batch.ReadRecords(&records);
  return OnBatch(*field.descriptor, records);
}

absl::Status DynamicStateReader::Read(const SchemaModel& schema,
                                      DynamicStateVisitor& visitor) {
  schema_ = &schema;
  visitor_ = &visitor;
  info_.root_message = schema.root->full_name;
  info_.version = schema.version();
  info_.fingerprint = schema.fingerprint;
  return ReadState();
}

absl::Status DynamicStateReader::HandleRoot(const Chunk& chunk) {
  const std::unique_ptr<Message> root(
      factory_.GetPrototype(schema_->root->descriptor)->New());
  DS_RETURN_IF_ERROR(ParseRoot(chunk, *root));
  return visitor_->OnRoot(*root);
}

const FieldModel* DynamicStateReader::FindRecords(uint32_t number) const {
  // Field numbers are below 2^29; others are of no field.
  const FieldModel* field =
      schema_->root->FindNumber(static_cast<int>(number));
  return field != nullptr && HoldsRecords(*field) ? field : nullptr;
}

std::unique_ptr<MergeCodec> DynamicStateReader::MakeMergeCodec(
    uint32_t number) {
  const FieldModel* field = FindRecords(number);
  if (field == nullptr) return nullptr;
  return devstate::MakeMergeCodec(
      *field, *factory_.GetPrototype(field->message->descriptor));
}

absl::Status DynamicStateReader::HandleBatch(const Chunk& chunk) {
  const FieldModel* field = FindRecords(chunk.header.field);
  if (field == nullptr) return UnknownBatch(chunk);
  std::unique_ptr<BatchDecoder>& decoder = decoders_[chunk.header.field];
  if (decoder == nullptr) {
    decoder = std::make_unique<BatchDecoder>(
        *field->message, *factory_.GetPrototype(field->message->descriptor));
  }
  DS_RETURN_IF_ERROR(
      decoder->DecodeColumns(chunk, field->name, stream().limits()));
  return visitor_->OnColumns(*field, *decoder);
}

}  // namespace devstate
