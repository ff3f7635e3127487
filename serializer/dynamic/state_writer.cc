// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/state_writer.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/schema/record_check.h"
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
    : RecordWriter(sink, info, std::move(options)), schema_(schema) {}

DynamicStateWriter::~DynamicStateWriter() = default;

absl::Status DynamicStateWriter::Begin(const Message& root) {
  DS_RETURN_IF_ERROR(status_);
  if (root.GetDescriptor() != schema_.root->descriptor) {
    return status_ = absl::InvalidArgumentError(
               absl::StrCat("Begin() takes a ", schema_.root->full_name,
                            ", not a ", root.GetDescriptor()->full_name()));
  }
  for (const FieldModel* batch : schema_.batches) {
    if (absl::Status checked = CheckRecordType(*batch->message->descriptor);
        !checked.ok()) {
      return status_ = checked;
    }
  }
  return status_ = BeginState(root);
}

absl::Status DynamicStateWriter::Add(const FieldDescriptor& field,
                                     const Message& record) {
  DS_RETURN_IF_ERROR(status_);
  const FieldModel* model = schema_.root->FindNumber(field.number());
  if (model == nullptr || model->descriptor != &field ||
      !HoldsRecords(*model) ||
      record.GetDescriptor() != model->message->descriptor) {
    return status_ = absl::InvalidArgumentError(absl::StrCat(
               record.GetDescriptor()->full_name(), " is no record of ",
               field.full_name(), " in ", schema_.root->full_name));
  }
  std::unique_ptr<Batches>& batches = batches_[field.number()];
  if (batches == nullptr) batches = std::make_unique<Batches>(*model->message);
  status_ = InMessage(absl::StrCat(field.name(), "[", batches->records, "]"),
                      batches->columns.CheckKnown(record));
  if (!status_.ok()) return status_;
  ++batches->records;
  status_ = AddRecord(
      static_cast<uint32_t>(field.number()), field.name(), batches->columns,
      record, batches->record_size + batches->columns.VariableSize(record));
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
