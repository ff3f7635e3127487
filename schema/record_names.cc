// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/record_names.h"

#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "devstate/schema/schema_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;

// Looks for messages of different packages or files that would have one record
// name.
class RecordNameChecker {
 public:
  absl::Status Check(const FieldModel& user) {
    const MessageModel& message = *user.message;
    if (!seen_.insert(&message).second) return absl::OkStatus();
    const auto [other, inserted] =
        names_.emplace(message.record_name, &message);
    if (!inserted) {
      return SchemaError(
          *user.descriptor,
          absl::StrCat("the code generated for ", message.full_name, " and ",
                       other->second->full_name,
                       " would have the same names: rename one of them"));
    }
    for (const FieldModel& field : message.fields) {
      if (field.message != nullptr) DS_RETURN_IF_ERROR(Check(field));
    }
    return absl::OkStatus();
  }

 private:
  std::set<const MessageModel*> seen_;
  std::map<std::string, const MessageModel*> names_;
};

class GeneratedNameChecker {
 public:
  explicit GeneratedNameChecker(const Descriptor& root) : root_(root) {
    for (int i = 0; i < root.file()->message_type_count(); ++i) {
      AddProtobufNames(*root.file()->message_type(i), "");
    }
    for (int i = 0; i < root.file()->enum_type_count(); ++i) {
      AddProtobufName("", *root.file()->enum_type(i));
    }
  }

  absl::Status Check(const SchemaModel& schema) {
    for (const MessageModel* record : schema.records) {
      for (const char* suffix : {"Row", "Columns", "Occurrences"}) {
        DS_RETURN_IF_ERROR(
            Add(record->record_name + suffix, *record->descriptor));
      }
    }
    for (const char* suffix : {"Schema", "Writer", "Reader", "Visitor"}) {
      DS_RETURN_IF_ERROR(Add(absl::StrCat(root_.name(), suffix), root_));
    }
    for (const FieldModel* batch : schema.batches) {
      DS_RETURN_IF_ERROR(
          Add(CamelCase(batch->name) + "Batch", *batch->descriptor));
    }
    return absl::OkStatus();
  }

 private:
  void AddProtobufNames(const Descriptor& message, const std::string& outer) {
    const std::string name = AddProtobufName(outer, message);
    for (int i = 0; i < message.nested_type_count(); ++i) {
      AddProtobufNames(*message.nested_type(i), name + "_");
    }
    for (int i = 0; i < message.enum_type_count(); ++i) {
      AddProtobufName(name + "_", *message.enum_type(i));
    }
  }

  // Returns what protobuf's C++ generator calls it.
  template <typename Type>
  std::string AddProtobufName(const std::string& outer, const Type& type) {
    std::string name = absl::StrCat(outer, type.name());
    names_[name] = std::string(type.full_name());
    return name;
  }

  template <typename Owner>
  absl::Status Add(const std::string& name, const Owner& owner) {
    const auto [other, inserted] = names_.emplace(name, owner.full_name());
    if (inserted) return absl::OkStatus();
    return SchemaError(
        owner, absl::StrCat("the generated name ", name, " is also that of ",
                            other->second, ": rename one of them"));
  }

  const Descriptor& root_;
  std::map<std::string, std::string> names_;
};

}  // namespace

absl::Status CheckRecordNames(const SchemaModel& schema) {
  RecordNameChecker records;
  for (const FieldModel* batch : schema.batches) {
    DS_RETURN_IF_ERROR(records.Check(*batch));
  }
  return GeneratedNameChecker(*schema.root->descriptor).Check(schema);
}

std::string CamelCase(const std::string& name) {
  std::string result;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      result += upper ? absl::ascii_toupper(c) : c;
      upper = false;
    }
  }
  return result;
}

}  // namespace devstate
