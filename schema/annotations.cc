// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/annotations.h"

#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "devstate/options.pb.h"
#include "devstate/schema/field_constraints.h"
#include "devstate/schema/record_model.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;

bool IsInteger(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return true;
    default:
      return false;
  }
}

bool IsNumber(const FieldDescriptor& field) {
  return IsInteger(field) ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE;
}

// Whether `text` is a value of the field's type.
bool IsValueOf(const FieldDescriptor& field, const std::string& text) {
  int32_t i32;
  int64_t i64;
  uint32_t u32;
  uint64_t u64;
  double number;
  switch (field.cpp_type()) {
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
      return field.enum_type()->FindValueByName(text) != nullptr;
    case FieldDescriptor::CPPTYPE_STRING:
      return true;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return false;
  }
  return false;
}

// The smallest and largest value of an integer field that `int64` can hold.
bool FitsInteger(const FieldDescriptor& field, int64_t value) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return value >= INT32_MIN && value <= INT32_MAX;
    case FieldDescriptor::CPPTYPE_UINT32:
      return value >= 0 && value <= UINT32_MAX;
    case FieldDescriptor::CPPTYPE_UINT64:
      return value >= 0;
    default:
      return true;
  }
}

class Checker {
 public:
  absl::Status Run(const Descriptor& root) {
    const MessageAnnotations& annotations =
        root.options().GetExtension(devstate::message);
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
    return CheckMessage(root);
  }

 private:
  absl::Status CheckMessage(const Descriptor& message) {
    if (!messages_.insert(&message).second) return absl::OkStatus();
    const MessageAnnotations& annotations =
        message.options().GetExtension(devstate::message);
    for (const std::string& key : annotations.key()) {
      DS_RETURN_IF_ERROR(CheckName(message, message, "key", key));
    }
    for (const Tombstone& tombstone : annotations.tombstone()) {
      DS_RETURN_IF_ERROR(CheckTombstone(message, tombstone));
    }
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      DS_RETURN_IF_ERROR(
          CheckField(field, field.options().GetExtension(devstate::field)));
      if (field.message_type() != nullptr) {
        DS_RETURN_IF_ERROR(CheckMessage(*field.message_type()));
      }
      if (field.enum_type() != nullptr) {
        DS_RETURN_IF_ERROR(CheckEnum(*field.enum_type()));
      }
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

  absl::Status CheckField(const FieldDescriptor& field,
                          const FieldAnnotations& annotations) {
    DS_RETURN_IF_ERROR(CheckHistory(field, annotations));
    DS_RETURN_IF_ERROR(CheckPresence(field, annotations));
    DS_RETURN_IF_ERROR(CheckNumbers(field, annotations));
    return CheckSizes(field, annotations);
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

  absl::Status CheckPresence(const FieldDescriptor& field,
                             const FieldAnnotations& annotations) {
    if (annotations.required() && annotations.ignorable()) {
      return SchemaError(field, "a field cannot be required and ignorable");
    }
    if (annotations.absent_default().empty()) return absl::OkStatus();
    if (field.is_repeated() ||
        !IsValueOf(field, annotations.absent_default())) {
      return SchemaError(
          field, absl::StrCat("absent_default \"", annotations.absent_default(),
                              "\" is not a value of the field's "
                              "type"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckNumbers(const FieldDescriptor& field,
                            const FieldAnnotations& annotations) {
    const bool bounds = annotations.has_min() || annotations.has_max();
    if (bounds && !IsNumber(field)) {
      return SchemaError(field, "min and max are for numbers only");
    }
    if (annotations.has_min() && annotations.has_max() &&
        annotations.min() > annotations.max()) {
      return SchemaError(
          field, absl::StrCat("min ", annotations.min(), " is above max ",
                              annotations.max()));
    }
    if ((annotations.power_of_two() || annotations.one_of_size() > 0) &&
        !IsInteger(field)) {
      return SchemaError(field,
                         "power_of_two and one_of are for integers only");
    }
    std::vector<int64_t> values(annotations.one_of().begin(),
                                annotations.one_of().end());
    if (annotations.has_min()) values.push_back(annotations.min());
    if (annotations.has_max()) values.push_back(annotations.max());
    for (const int64_t value : values) {
      if (!FitsInteger(field, value)) {
        return SchemaError(field,
                           absl::StrCat("min, max or one_of has ", value,
                                        ", which the field's type cannot "
                                        "hold"));
      }
    }
    if (IsInteger(field) && !HasAllowedNumber(field)) {
      return SchemaError(field,
                         "required, min, max, power_of_two and one_of leave no "
                         "value that all of them allow");
    }
    return absl::OkStatus();
  }

  absl::Status CheckSizes(const FieldDescriptor& field,
                          const FieldAnnotations& annotations) {
    if (annotations.has_max_len() &&
        field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
      return SchemaError(field, "max_len is for strings and bytes only");
    }
    if (annotations.has_max_items() && !field.is_repeated()) {
      return SchemaError(field,
                         "max_items is for repeated fields and maps only");
    }
    const bool no_bytes = annotations.has_max_len() &&
                          annotations.max_len() == 0 && !field.is_repeated() &&
                          !field.has_presence();
    const bool no_items =
        annotations.has_max_items() && annotations.max_items() == 0;
    if (annotations.required() && (no_bytes || no_items)) {
      return SchemaError(field,
                         "a required field cannot be empty: raise max_len or "
                         "max_items above 0");
    }
    if (annotations.unique_by_size() > 0 &&
        (!field.is_repeated() || field.message_type() == nullptr)) {
      return SchemaError(field, "unique_by is for repeated messages only");
    }
    for (const std::string& name : annotations.unique_by()) {
      DS_RETURN_IF_ERROR(
          CheckName(field, *field.message_type(), "unique_by", name));
    }
    return absl::OkStatus();
  }

  absl::Status CheckEnum(const EnumDescriptor& enumeration) {
    for (int i = 0; i < enumeration.value_count(); ++i) {
      const auto& value = *enumeration.value(i);
      DS_RETURN_IF_ERROR(CheckVersion(
          value, "since",
          value.options().GetExtension(devstate::enum_value).since()));
    }
    return absl::OkStatus();
  }

  uint32_t version_ = 0;
  std::set<const Descriptor*> messages_;
};

}  // namespace

absl::Status CheckAnnotations(const Descriptor& root) {
  return Checker().Run(root);
}

}  // namespace devstate
