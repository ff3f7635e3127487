// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/state_writer.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/schema/record_check.h"
#include "devstate/schema/record_key.h"
#include "devstate/schema/record_size.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/dynamic/message_columns_builder.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

struct DynamicStateWriter::Batches {
  explicit Batches(const MessageModel& record)
      : columns(record), record_size(RecordSize(record)) {}

  dynamic::MessageColumnsBuilder columns;
  const size_t record_size;
  // Records so far, in batches that are written, too.
  uint64_t records = 0;
};

DynamicStateWriter::DynamicStateWriter(ByteSink* sink,
                                       const SchemaModel& schema,
                                       const SchemaInfo& info,
                                       WriterOptions options)
    : RecordWriter(sink, info, std::move(options)), schema_(schema) {
  for (const FieldModel* batch : schema.batches) {
    keys_[static_cast<uint32_t>(batch->number)] = RecordKey(*batch);
  }
}

DynamicStateWriter::~DynamicStateWriter() = default;

absl::Span<const uint16_t> DynamicStateWriter::KeyOf(uint32_t field) const {
  const auto found = keys_.find(field);
  if (found == keys_.end()) return {};
  return found->second;
}

absl::Status DynamicStateWriter::CheckRoot(const Message& root) const {
  if (root.GetDescriptor() != schema_.root->descriptor) {
    return absl::InvalidArgumentError(
        absl::StrCat("Begin() takes a ", schema_.root->full_name, ", not a ",
                     root.GetDescriptor()->full_name()));
  }
  for (const FieldModel* batch : schema_.batches) {
    DS_RETURN_IF_ERROR(CheckRecordType(*batch->message->descriptor));
  }
  return absl::OkStatus();
}

absl::Status DynamicStateWriter::Begin(const Message& root) {
  DS_RETURN_IF_ERROR(status_);
  status_ = CheckRoot(root);
  if (status_.ok()) status_ = BeginState(root);
  return status_;
}

absl::Status DynamicStateWriter::BeginRound(const Message& root) {
  DS_RETURN_IF_ERROR(status_);
  status_ = CheckRoot(root);
  if (status_.ok()) status_ = BeginRoundState(root);
  return status_;
}

absl::StatusOr<DynamicStateWriter::Batches*> DynamicStateWriter::FindBatches(
    const FieldDescriptor& field, const Message& record) {
  const FieldModel* model = schema_.root->FindNumber(field.number());
  if (model == nullptr || model->descriptor != &field ||
      !HoldsRecords(*model) ||
      record.GetDescriptor() != model->message->descriptor) {
    return absl::InvalidArgumentError(absl::StrCat(
        record.GetDescriptor()->full_name(), " is no record of ",
        field.full_name(), " in ", schema_.root->full_name));
  }
  std::unique_ptr<Batches>& batches = batches_[field.number()];
  if (batches == nullptr) batches = std::make_unique<Batches>(*model->message);
  DS_RETURN_IF_ERROR(
      InMessage(absl::StrCat(field.name(), "[", batches->records, "]"),
                batches->columns.CheckKnown(record)));
  ++batches->records;
  return batches.get();
}

absl::Status DynamicStateWriter::Add(const FieldDescriptor& field,
                                     const Message& record) {
  DS_RETURN_IF_ERROR(status_);
  const absl::StatusOr<Batches*> found = FindBatches(field, record);
  status_ = found.status();
  if (!status_.ok()) return status_;
  Batches& batches = **found;
  status_ = AddRecord(
      static_cast<uint32_t>(field.number()), field.name(), batches.columns,
      record, batches.record_size + batches.columns.VariableSize(record));
  return status_;
}

absl::Status DynamicStateWriter::Delete(const FieldDescriptor& field,
                                        const Message& record) {
  DS_RETURN_IF_ERROR(status_);
  const absl::StatusOr<Batches*> found = FindBatches(field, record);
  status_ = found.status();
  if (!status_.ok()) return status_;
  Batches& batches = **found;
  const auto number = static_cast<uint32_t>(field.number());
  status_ = DeleteRecord(number, field.name(), batches.columns, record,
                         batches.record_size + batches.columns.VariableSize(
                                                   record, KeyOf(number)));
  return status_;
}

absl::Status DynamicStateWriter::Finish() {
  DS_RETURN_IF_ERROR(status_);
  status_ = FinishState();
  if (!status_.ok()) return status_;
  status_ = absl::FailedPreconditionError("the state is finished already");
  return absl::OkStatus();
}

}  // namespace devstate
