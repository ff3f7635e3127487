// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each annotation is checked where it stands and against its own field only.
// What annotations allow together is asked of column_bounds.h, so that a schema
// passes here exactly if its bounds leave a value there.

#include "devstate/schema/annotations.h"

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "devstate/schema/column_bounds.h"
#include "devstate/schema/pieces.h"
#include "devstate/schema/schema_error.h"
#include "devstate/schema/value_set.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;

// Whether `text` is a value of the field's type.
bool IsValueOf(const FieldModel& field, const std::string& text) {
  int32_t i32;
  int64_t i64;
  uint32_t u32;
  uint64_t u64;
  double number;
  switch (field.descriptor->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::SimpleAtoi(text, &i32);
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::SimpleAtoi(text, &i64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::SimpleAtoi(text, &u32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::SimpleAtoi(text, &u64);
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::SimpleAtod(text, &number);
    case FieldDescriptor::CPPTYPE_BOOL:
      return text == "true" || text == "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return field.enumeration->FindName(text) != nullptr;
    case FieldDescriptor::CPPTYPE_STRING:
      return true;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return false;
  }
  return false;
}

// Whether bounds may be set that only integers have.
bool TakesIntegerBounds(const FieldModel& field) {
  return TakesBounds(field) && IsInteger(field);
}

// Whether the type of `field`, which takes bounds, holds `value`.
bool Holds(const FieldModel& field, int64_t value) {
  const ValueSet values = ValuesOfType(field);
  return value >= values.low && value <= values.high;
}

class Checker {
 public:
  absl::Status Run(const SchemaModel& schema) {
    const Descriptor& root = *schema.root->descriptor;
    const MessageAnnotations& annotations = schema.root->annotations;
    if (annotations.schema().empty() || annotations.version() == 0) {
      return SchemaError(
          root,
          "the root message needs a schema name and a version of at least 1: "
          "option (devstate.message) = { schema: \"…\" version: 1 };");
    }
    if (annotations.min_reader() > annotations.version()) {
      return SchemaError(
          root, absl::StrCat("min_reader ", annotations.min_reader(),
                             " is above version ", annotations.version(),
                             ": no reader could load the state"));
    }
    version_ = annotations.version();
    schema_ = &schema;
    for (const auto& message : schema.messages) {
      DS_RETURN_IF_ERROR(CheckMessage(*message));
    }
    for (const auto& enumeration : schema.enums) {
      DS_RETURN_IF_ERROR(CheckEnum(*enumeration));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckMessage(const MessageModel& message) {
    for (const std::string& key : message.annotations.key()) {
      DS_RETURN_IF_ERROR(
          CheckName(*message.descriptor, *message.descriptor, "key", key));
    }
    for (const Tombstone& tombstone : message.annotations.tombstone()) {
      DS_RETURN_IF_ERROR(CheckTombstone(*message.descriptor, tombstone));
    }
    for (const FieldModel& field : message.fields) {
      DS_RETURN_IF_ERROR(CheckField(field));
    }
    return absl::OkStatus();
  }

  // That `name` is a field of `message`.
  template <typename User>
  absl::Status CheckName(const User& user, const Descriptor& message,
                         const char* annotation, const std::string& name) {
    if (message.FindFieldByName(name) != nullptr) return absl::OkStatus();
    return SchemaError(user, absl::StrCat(annotation, " names \"", name,
                                          "\", which is not a field of ",
                                          message.full_name()));
  }

  absl::Status CheckTombstone(const Descriptor& message,
                              const Tombstone& tombstone) {
    if (tombstone.number() == 0 || tombstone.name().empty() ||
        tombstone.type().empty()) {
      return SchemaError(message,
                         "a tombstone needs the removed field's number, name "
                         "and type");
    }
    if (const FieldDescriptor* field =
            message.FindFieldByNumber(static_cast<int>(tombstone.number()))) {
      return SchemaError(*field,
                         absl::StrCat("number ", tombstone.number(),
                                      " is that of the tombstone of ",
                                      tombstone.name(), ": use a new number"));
    }
    return CheckVersion(message, "last_written of a tombstone",
                        tombstone.last_written());
  }

  template <typename User>
  absl::Status CheckVersion(const User& user, const char* annotation,
                            uint32_t version) {
    if (version <= version_) return absl::OkStatus();
    return SchemaError(
        user, absl::StrCat(annotation, " ", version,
                           " is above the schema's version ", version_));
  }

  absl::Status CheckField(const FieldModel& field) {
    DS_RETURN_IF_ERROR(CheckHistory(*field.descriptor, field.annotations));
    DS_RETURN_IF_ERROR(CheckPresence(field));
    DS_RETURN_IF_ERROR(CheckNumbers(field));
    DS_RETURN_IF_ERROR(CheckSizes(field));
    if (!field.annotations.has_pieces()) return absl::OkStatus();
    return FindPieces(*schema_, field).status();
  }

  absl::Status CheckHistory(const FieldDescriptor& field,
                            const FieldAnnotations& annotations) {
    DS_RETURN_IF_ERROR(CheckVersion(field, "since", annotations.since()));
    if (annotations.write_until() != 0 &&
        annotations.write_until() < annotations.since()) {
      return SchemaError(field,
                         absl::StrCat("write_until ", annotations.write_until(),
                                      " is below since ", annotations.since()));
    }
    if (!annotations.fallback_for().empty()) {
      DS_RETURN_IF_ERROR(CheckName(field, *field.containing_type(),
                                   "fallback_for", annotations.fallback_for()));
    }
    return absl::OkStatus();
  }

  absl::Status CheckPresence(const FieldModel& field) {
    const FieldAnnotations& annotations = field.annotations;
    if (annotations.required() && annotations.ignorable()) {
      return SchemaError(*field.descriptor,
                         "a field cannot be required and ignorable");
    }
    if (annotations.absent_default().empty()) return absl::OkStatus();
    if (field.cardinality() == Cardinality::kRepeated ||
        !IsValueOf(field, annotations.absent_default())) {
      return SchemaError(
          *field.descriptor,
          absl::StrCat("absent_default \"", annotations.absent_default(),
                       "\" is not a value of the field's type"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckNumbers(const FieldModel& field) {
    const FieldDescriptor& descriptor = *field.descriptor;
    const FieldAnnotations& annotations = field.annotations;
    const bool bounds = annotations.has_min() || annotations.has_max();
    if (bounds && !TakesBounds(field)) {
      return SchemaError(descriptor, "min and max are for numbers only");
    }
    if (annotations.has_min() && annotations.has_max() &&
        annotations.min() > annotations.max()) {
      return SchemaError(
          descriptor, absl::StrCat("min ", annotations.min(), " is above max ",
                                   annotations.max()));
    }
    if ((annotations.power_of_two() || annotations.one_of_size() > 0) &&
        !TakesIntegerBounds(field)) {
      return SchemaError(descriptor,
                         "power_of_two and one_of are for integers only");
    }
    std::vector<int64_t> values(annotations.one_of().begin(),
                                annotations.one_of().end());
    if (annotations.has_min()) values.push_back(annotations.min());
    if (annotations.has_max()) values.push_back(annotations.max());
    for (const int64_t value : values) {
      if (!Holds(field, value)) {
        return SchemaError(descriptor,
                           absl::StrCat("min, max or one_of has ", value,
                                        ", which the field's type cannot "
                                        "hold"));
      }
    }
    if (TakesIntegerBounds(field) && !LeavesAValue(field)) {
      return SchemaError(descriptor,
                         "required, min, max, power_of_two and one_of leave no "
                         "value that all of them allow");
    }
    return absl::OkStatus();
  }

  absl::Status CheckSizes(const FieldModel& field) {
    const FieldDescriptor& descriptor = *field.descriptor;
    const FieldAnnotations& annotations = field.annotations;
    const bool repeated = field.cardinality() == Cardinality::kRepeated;
    if (annotations.has_max_len() && field.column_kind != ValueKind::kText &&
        field.column_kind != ValueKind::kBytes) {
      return SchemaError(descriptor, "max_len is for strings and bytes only");
    }
    if (annotations.has_max_items() && !repeated) {
      return SchemaError(descriptor,
                         "max_items is for repeated fields and maps only");
    }
    const bool no_bytes = annotations.has_max_len() &&
                          annotations.max_len() == 0 &&
                          field.cardinality() == Cardinality::kOne;
    const bool no_items =
        annotations.has_max_items() && annotations.max_items() == 0;
    if (annotations.required() && (no_bytes || no_items)) {
      return SchemaError(descriptor,
                         "a required field cannot be empty: raise max_len or "
                         "max_items above 0");
    }
    if (annotations.unique_by_size() > 0 &&
        (!repeated || field.message == nullptr)) {
      return SchemaError(descriptor, "unique_by is for repeated messages only");
    }
    for (const std::string& name : annotations.unique_by()) {
      DS_RETURN_IF_ERROR(
          CheckName(descriptor, *field.message->descriptor, "unique_by", name));
    }
    return absl::OkStatus();
  }

  absl::Status CheckEnum(const EnumModel& enumeration) {
    for (const EnumValueModel& value : enumeration.values) {
      if (value.since <= version_) continue;
      return CheckVersion(*enumeration.descriptor->FindValueByName(value.name),
                          "since", value.since);
    }
    return absl::OkStatus();
  }

  const SchemaModel* schema_ = nullptr;
  uint32_t version_ = 0;
};

}  // namespace

absl::Status CheckAnnotations(const SchemaModel& schema) {
  return Checker().Run(schema);
}

}  // namespace devstate
