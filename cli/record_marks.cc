// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/record_marks.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/schema/record_key.h"
#include "devstate/serializer/dynamic/json_output.h"
#include "devstate/serializer/stream_format.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

uint64_t ChecksumOf(const StateValues& values) {
  std::string text;
  for (const auto& [path, value] : values) {
    if (value.is_default) continue;
    absl::StrAppend(&text, path, "=", value.text, "\n");
  }
  return Checksum(text);
}

}  // namespace

std::string RecordName(const FieldModel& field, const Message& record,
                       uint64_t position, bool show_sensitive) {
  std::vector<std::string> parts;
  for (const uint16_t index : RecordKey(field)) {
    const FieldModel& part = field.message->fields[index];
    parts.push_back(absl::StrCat(part.name, "=",
                                 part.annotations.sensitive() && !show_sensitive
                                     ? "<redacted>"
                                     : ValueText(record, part.descriptor, -1)));
  }
  if (parts.empty()) parts = {absl::StrCat(position)};
  return absl::StrCat(field.name, "[", absl::StrJoin(parts, ","), "]");
}

void RecordCounter::Start(const FieldModel& field, size_t size) {
  position_ += size_;
  in_field_ = field_ == field.number ? in_field_ + size_ : 0;
  field_ = field.number;
  size_ = size;
}

RecordMarker::RecordMarker(const SchemaModel& schema, bool by_text,
                           StateValues* root, OnMark on_mark)
    : schema_(schema),
      by_text_(by_text),
      on_mark_(std::move(on_mark)),
      lister_(schema),
      root_(*root) {}

absl::Status RecordMarker::OnRoot(const Message& root) {
  root_ = lister_.List(*schema_.root, root);
  return absl::OkStatus();
}

absl::Status RecordMarker::OnColumns(const FieldModel& field,
                                     BatchDecoder& batch) {
  if (field.annotations.volatile_()) return absl::OkStatus();
  counter_.Start(field, batch.size());
  if (by_text_) return DynamicStateVisitor::OnColumns(field, batch);
  const std::vector<uint16_t> key = RecordKey(field);
  std::vector<std::string> keys;
  if (!key.empty()) keys = batch.Keys(key);
  dynamic::JsonOutput content(0, /*after_item=*/false,
                              {/*sensitive=*/false, /*volatiles=*/true});
  for (size_t row = 0; row < batch.size(); ++row) {
    const std::string name =
        key.empty() ? absl::StrCat(field.name, "#", counter_.in_field() + row)
                    : absl::StrCat(field.name, "=", keys[row]);
    content.text().clear();
    batch.PrintJson(row, content);
    on_mark_(
        {Checksum(name), Checksum(content.text()), counter_.position() + row});
  }
  return absl::OkStatus();
}

absl::Status RecordMarker::OnBatch(const FieldDescriptor& descriptor,
                                   Records& records) {
  const FieldModel& field = *schema_.root->FindNumber(descriptor.number());
  for (size_t row = 0; row < records.size(); ++row) {
    const Message& record = *records[row];
    on_mark_({Checksum(RecordName(field, record, counter_.in_field() + row,
                                  /*show_sensitive=*/true)),
              ChecksumOf(lister_.List(*field.message, record)),
              counter_.position() + row});
  }
  return absl::OkStatus();
}

RecordPicker::RecordPicker(const SchemaModel& schema,
                           std::vector<uint64_t> positions, bool show_sensitive,
                           OnRecord on_record)
    : schema_(schema),
      positions_(std::move(positions)),
      show_sensitive_(show_sensitive),
      on_record_(std::move(on_record)),
      lister_(schema) {}

absl::Status RecordPicker::OnColumns(const FieldModel& field,
                                     BatchDecoder& batch) {
  if (field.annotations.volatile_()) return absl::OkStatus();
  counter_.Start(field, batch.size());
  if (next_ == positions_.size() ||
      positions_[next_] - counter_.position() >= batch.size()) {
    return absl::OkStatus();
  }
  return DynamicStateVisitor::OnColumns(field, batch);
}

absl::Status RecordPicker::OnBatch(const FieldDescriptor& descriptor,
                                   Records& records) {
  const FieldModel& field = *schema_.root->FindNumber(descriptor.number());
  for (; next_ < positions_.size(); ++next_) {
    const uint64_t row = positions_[next_] - counter_.position();
    if (row >= records.size()) break;
    const Message& record = *records[row];
    on_record_(
        next_,
        RecordName(field, record, counter_.in_field() + row, show_sensitive_),
        lister_.List(*field.message, record));
  }
  return absl::OkStatus();
}

}  // namespace devstate
