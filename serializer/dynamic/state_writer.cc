// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/state_writer.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/schema/record_check.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

class DynamicStateWriter::Builder {
 public:
  using Row = Message;

  explicit Builder(const MessageModel& record) : encoder_(record) {}

  const BatchEncoder& encoder() const { return encoder_; }
  // Records so far, in batches before this one, too.
  uint64_t records() const { return records_; }
  // Of the record that was appended last.
  const absl::Status& status() const { return status_; }

  void Append(const Row& record) {
    status_ = encoder_.Append(record);
    ++records_;
  }
  size_t size() const { return encoder_.size(); }
  absl::Status Validate(RowKind) const { return status_; }
  void EncodeBody(MessageWriter& out) { encoder_.Encode(out); }
  void Clear() { encoder_.Clear(); }

 private:
  BatchEncoder encoder_;
  uint64_t records_ = 0;
  absl::Status status_;
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
  std::unique_ptr<Builder>& builder = builders_[field.number()];
  if (builder == nullptr) {
    builder = std::make_unique<Builder>(*model->message);
  }
  status_ = AddRecord(static_cast<uint32_t>(field.number()), field.name(),
                      *builder, record, builder->encoder().SizeOf(record));
  if (status_.ok() && !builder->status().ok()) {
    status_ =
        InField(absl::StrCat(field.name(), "[", builder->records() - 1, "]"),
                builder->status());
  }
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
