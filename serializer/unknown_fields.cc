// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/unknown_fields.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/unknown_field_set.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

// proto3 parsers take any number for an enum.
bool HasUnknownEnumValue(const Message& message, const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM) return false;
  const Reflection& reflection = *message.GetReflection();
  const auto unknown = [&field](int number) {
    return field.enum_type()->FindValueByNumber(number) == nullptr;
  };
  if (!field.is_repeated()) {
    return unknown(reflection.GetEnumValue(message, &field));
  }
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (unknown(reflection.GetRepeatedEnumValue(message, &field, i))) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string FindUnknownField(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  const google::protobuf::UnknownFieldSet& unknown =
      reflection.GetUnknownFields(message);
  if (unknown.field_count() > 0) {
    return absl::StrCat("number ", unknown.field(0).number());
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (HasUnknownEnumValue(message, *field)) return field->name();
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count =
        field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const Message& child =
          field->is_repeated()
              ? reflection.GetRepeatedMessage(message, field, i)
              : reflection.GetMessage(message, field);
      const std::string found = FindUnknownField(child);
      if (!found.empty()) return absl::StrCat(field->name(), ".", found);
    }
  }
  return "";
}

}  // namespace devstate
