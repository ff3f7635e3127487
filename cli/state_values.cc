// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/state_values.h"

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "devstate/serializer/dynamic/redactor.h"
#include "google/protobuf/text_format.h"

namespace devstate {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

std::string ValueText(const Message& message, const FieldDescriptor* field,
                      int index) {
  // Made once: it costs more than most values.
  static const auto* const printer = [] {
    auto* single_line = new google::protobuf::TextFormat::Printer;
    single_line->SetSingleLineMode(true);
    return single_line;
  }();
  std::string text;
  printer->PrintFieldValueToString(message, field, index, &text);
  return text;
}

ValueLister::ValueLister(const SchemaModel& schema)
    : piece_data_(PieceDataFields(schema)) {}

StateValues ValueLister::List(const MessageModel& type,
                              const Message& message) const {
  StateValues values;
  AddValues(type, message, "", false, &values);
  return values;
}

void ValueLister::AddValue(const FieldModel& field, const Message& message,
                           int index, const std::string& path, bool sensitive,
                           StateValues* values) const {
  const auto* reflection = message.GetReflection();
  if (field.message == nullptr) {
    const bool one = field.cardinality() == Cardinality::kOne;
    (*values)[path] = {piece_data_.count(field.descriptor) != 0
                           ? PieceText(message, *field.descriptor)
                           : ValueText(message, field.descriptor, index),
                       sensitive,
                       one && !reflection->HasField(message, field.descriptor)};
    return;
  }
  const Message& child =
      index < 0
          ? reflection->GetMessage(message, field.descriptor)
          : reflection->GetRepeatedMessage(message, field.descriptor, index);
  // Tells a message of defaults from none.
  (*values)[path] = {"present", sensitive, false};
  AddValues(*field.message, child, path + ".", sensitive, values);
}

void ValueLister::AddValues(const MessageModel& type, const Message& message,
                            const std::string& prefix, bool sensitive,
                            StateValues* values) const {
  const auto* reflection = message.GetReflection();
  for (const FieldModel& field : type.fields) {
    if (field.annotations.volatile_()) continue;
    const bool hide = sensitive || field.annotations.sensitive();
    const std::string path = prefix + field.name;
    switch (field.cardinality()) {
      case Cardinality::kOptional:
        if (!reflection->HasField(message, field.descriptor)) continue;
        ABSL_FALLTHROUGH_INTENDED;
      case Cardinality::kOne:
        AddValue(field, message, -1, path, hide, values);
        continue;
      case Cardinality::kRepeated:
        break;
    }
    for (int i = 0; i < reflection->FieldSize(message, field.descriptor); ++i) {
      std::string key = absl::StrCat(i);
      if (field.presence == Presence::kMap && !hide) {
        key = ValueText(
            reflection->GetRepeatedMessage(message, field.descriptor, i),
            field.descriptor->message_type()->map_key(), -1);
      }
      AddValue(field, message, i, absl::StrCat(path, "[", key, "]"), hide,
               values);
    }
  }
}

}  // namespace devstate
