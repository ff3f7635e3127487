// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/dynamic/state_writer.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codegen/record_check.h"
#include "serializer/columns_walker.h"
#include "serializer/wire_walk.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

class DynamicStateWriter::Builder {
 public:
  using Row = Message;

  explicit Builder(const Descriptor& record) : encoder_(record) {}

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

DynamicStateWriter::DynamicStateWriter(ByteSink* sink, const Descriptor& root,
                                       const SchemaInfo& schema,
                                       WriterOptions options)
    : RecordWriter(sink, schema, std::move(options)), root_(root) {}

DynamicStateWriter::~DynamicStateWriter() = default;

absl::Status DynamicStateWriter::Begin(const Message& root) {
  DS_RETURN_IF_ERROR(status_);
  if (root.GetDescriptor() != &root_) {
    return status_ = absl::InvalidArgumentError(
               absl::StrCat("Begin() takes a ", root_.full_name(), ", not a ",
                            root.GetDescriptor()->full_name()));
  }
  for (int i = 0; i < root_.field_count(); ++i) {
    const FieldDescriptor* field = root_.field(i);
    if (!TravelsInBatches(*field)) continue;
    if (absl::Status checked = CheckRecordType(*field->message_type());
        !checked.ok()) {
      return status_ = checked;
    }
  }
  return status_ = BeginState(root);
}

absl::Status DynamicStateWriter::Add(const FieldDescriptor& field,
                                     const Message& record) {
  DS_RETURN_IF_ERROR(status_);
  if (field.containing_type() != &root_ || !TravelsInBatches(field) ||
      record.GetDescriptor() != field.message_type()) {
    return status_ = absl::InvalidArgumentError(absl::StrCat(
               record.GetDescriptor()->full_name(), " is no record of ",
               field.full_name(), " in ", root_.full_name()));
  }
  std::unique_ptr<Builder>& builder = builders_[field.number()];
  if (builder == nullptr) {
    builder = std::make_unique<Builder>(*field.message_type());
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
