// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "codegen/record_model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;

std::vector<const FieldDescriptor*> FieldsByNumber(const Descriptor& message) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < message.field_count(); ++i) {
    fields.push_back(message.field(i));
  }
  std::sort(fields.begin(), fields.end(),
            [](const FieldDescriptor* a, const FieldDescriptor* b) {
              return a->number() < b->number();
            });
  return fields;
}

class ModelBuilder {
 public:
  explicit ModelBuilder(const Descriptor& root) { model_.root = &root; }

  absl::StatusOr<RecordModel> Build() {
    for (const FieldDescriptor* field : FieldsByNumber(*model_.root)) {
      if (!field->is_repeated() || field->is_map() ||
          field->message_type() == nullptr) {
        continue;
      }
      DS_ASSIGN_OR_RETURN(const RecordType* type,
                          TypeOf(*field->message_type(), *field));
      model_.batches.push_back({field, type});
    }
    return std::move(model_);
  }

 private:
  // The type of `message`, which `user` is made of.
  absl::StatusOr<const RecordType*> TypeOf(const Descriptor& message,
                                           const FieldDescriptor& user) {
    if (const auto found = types_.find(&message); found != types_.end()) {
      return found->second;
    }
    auto type = std::make_unique<RecordType>();
    type->descriptor = &message;
    DS_ASSIGN_OR_RETURN(type->name, NameOf(message, user));
    for (const FieldDescriptor* field : FieldsByNumber(message)) {
      RecordField part;
      part.descriptor = field;
      part.cardinality =
          field->is_repeated()    ? RecordField::Cardinality::kRepeated
          : field->has_presence() ? RecordField::Cardinality::kOptional
                                  : RecordField::Cardinality::kOne;
      if (field->message_type() != nullptr) {
        DS_ASSIGN_OR_RETURN(part.message,
                            TypeOf(*field->message_type(), *field));
      }
      type->fields.push_back(part);
    }
    types_[&message] = type.get();
    model_.types.push_back(std::move(type));
    return types_[&message];
  }

  absl::StatusOr<std::string> NameOf(const Descriptor& message,
                                     const FieldDescriptor& user) {
    absl::string_view name = message.full_name();
    absl::ConsumePrefix(&name, message.file()->package());
    absl::ConsumePrefix(&name, ".");
    const std::string result = absl::StrReplaceAll(name, {{".", "_"}});
    const auto [other, inserted] = names_.emplace(result, &message);
    if (!inserted) {
      return SchemaError(
          user, absl::StrCat("the code generated for ", message.full_name(),
                             " and ", other->second->full_name(),
                             " would have the same names: rename one of them"));
    }
    return result;
  }

  RecordModel model_;
  std::map<const Descriptor*, const RecordType*> types_;
  std::map<std::string, const Descriptor*> names_;
};

// Generated names must differ from each other and from those that protobuf's
// own C++ generator gives the messages and enums of the root's file.
class NameChecker {
 public:
  explicit NameChecker(const Descriptor& root) : root_(root) {
    for (int i = 0; i < root.file()->message_type_count(); ++i) {
      AddProtobufNames(*root.file()->message_type(i), "");
    }
    for (int i = 0; i < root.file()->enum_type_count(); ++i) {
      names_[root.file()->enum_type(i)->name()] =
          root.file()->enum_type(i)->full_name();
    }
  }

  absl::Status Check(const RecordModel& model) {
    for (const auto& type : model.types) {
      for (const char* suffix : {"Row", "Columns", "ColumnsBuilder",
                                 "ColumnsReader", "Occurrences"}) {
        DS_RETURN_IF_ERROR(Add(type->name + suffix, *type->descriptor));
      }
    }
    for (const char* suffix : {"Schema", "Writer", "Reader", "Visitor"}) {
      DS_RETURN_IF_ERROR(Add(root_.name() + suffix, root_));
    }
    for (const RecordModel::Batch& batch : model.batches) {
      DS_RETURN_IF_ERROR(
          Add(CamelCase(batch.field->name()) + "Batch", *batch.field));
    }
    return absl::OkStatus();
  }

 private:
  void AddProtobufNames(const Descriptor& message, const std::string& outer) {
    const std::string name = outer + message.name();
    names_[name] = message.full_name();
    for (int i = 0; i < message.nested_type_count(); ++i) {
      AddProtobufNames(*message.nested_type(i), name + "_");
    }
    for (int i = 0; i < message.enum_type_count(); ++i) {
      names_[name + "_" + message.enum_type(i)->name()] =
          message.enum_type(i)->full_name();
    }
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

absl::StatusOr<RecordModel> BuildRecordModel(const Descriptor& root,
                                             int max_depth) {
  DS_RETURN_IF_ERROR(CheckRootType(root, max_depth));
  DS_ASSIGN_OR_RETURN(RecordModel model, ModelBuilder(root).Build());
  DS_RETURN_IF_ERROR(NameChecker(root).Check(model));
  return model;
}

}  // namespace devstate
