// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/message_table.h"

#include "absl/strings/str_join.h"
#include "devstate/schema/record_size.h"

namespace devstate::dynamic {
namespace {

FieldEntry::Cardinality CardinalityOf(const FieldModel& field) {
  switch (field.presence) {
    case FieldModel::Presence::kImplicit:
      return FieldEntry::Cardinality::kOne;
    case FieldModel::Presence::kExplicit:
      return FieldEntry::Cardinality::kOptional;
    case FieldModel::Presence::kRepeated:
      return FieldEntry::Cardinality::kRepeated;
    case FieldModel::Presence::kMap:
      break;
  }
  return FieldEntry::Cardinality::kMap;
}

}  // namespace

MessageTable::MessageTable(const MessageModel& type) {
  for (const FieldModel& field : type.fields) AddField(field);
  for (int i = 0; i < type.descriptor->real_oneof_decl_count(); ++i) {
    AddOneof(type, *type.descriptor->oneof_decl(i));
  }
  table_ = {fields_, oneofs_};
}

void MessageTable::AddField(const FieldModel& field) {
  FieldEntry entry = {};
  entry.number = static_cast<uint32_t>(field.number);
  entry.name = field.name.c_str();
  entry.cardinality = CardinalityOf(field);
  entry.kind = field.column_kind;
  if (field.cardinality() == FieldModel::Cardinality::kRepeated) {
    entry.value_size = static_cast<uint32_t>(ValueSize(field));
  }
  if (field.enumeration != nullptr) {
    enum_values_.push_back(NumbersOf(*field.enumeration));
    entry.enum_values = enum_values_.back();
  }
  fields_.push_back(entry);
}

void MessageTable::AddOneof(const MessageModel& type,
                            const google::protobuf::OneofDescriptor& oneof) {
  std::vector<uint16_t>& members = members_.emplace_back();
  std::vector<std::string> names;
  for (size_t i = 0; i < type.fields.size(); ++i) {
    if (type.fields[i].oneof != oneof.name()) continue;
    members.push_back(static_cast<uint16_t>(i));
  }
  for (int i = 0; i < oneof.field_count(); ++i) {
    names.push_back(oneof.field(i)->name());
  }
  member_names_.push_back(absl::StrJoin(names, ", "));
  oneofs_.push_back(
      {oneof.name().c_str(), member_names_.back().c_str(), members});
}

}  // namespace devstate::dynamic
