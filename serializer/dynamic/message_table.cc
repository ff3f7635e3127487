// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/message_table.h"

#include "devstate/schema/record_size.h"

namespace devstate::dynamic {

MessageTable::MessageTable(const MessageModel& type) {
  for (const FieldModel& field : type.fields) AddField(field);
  for (const OneofModel& oneof : type.oneofs) {
    oneofs_.push_back(
        {oneof.name.c_str(), oneof.member_names.c_str(), oneof.members});
  }
  table_ = {fields_, oneofs_};
}

void MessageTable::AddField(const FieldModel& field) {
  FieldEntry entry = {};
  entry.number = static_cast<uint32_t>(field.number);
  entry.name = field.name.c_str();
  entry.presence = field.presence;
  entry.kind = field.column_kind;
  if (field.cardinality() == Cardinality::kRepeated) {
    entry.value_size = static_cast<uint32_t>(ValueSize(field));
  }
  if (field.enumeration != nullptr) {
    enum_values_.push_back(NumbersOf(*field.enumeration));
    entry.enum_values = enum_values_.back();
  }
  fields_.push_back(entry);
}

}  // namespace devstate::dynamic
