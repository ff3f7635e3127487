// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Names of generated C. C has neither namespaces nor overloads, so names that
// differ in a schema may be one here. They are refused before the C compiler
// sees them.

#include "devstate/codegen/c_names.h"

#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "devstate/codegen/cpp_names.h"
#include "devstate/schema/schema_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::OneofDescriptor;

// What contains a declaration: "a.v1.Outer"; empty at the top.
template <typename Declaration>
std::string ScopeOf(const Declaration& declaration) {
  return std::string(declaration.containing_type() != nullptr
                         ? declaration.containing_type()->full_name()
                         : declaration.file()->package());
}

std::string Join(absl::string_view scope, absl::string_view name) {
  return scope.empty() ? std::string(name) : absl::StrCat(scope, "_", name);
}

// Member names in a scope, or all others.
class Names {
 public:
  template <typename Declaration>
  absl::Status Add(const std::string& name, const Declaration& declaration) {
    const auto [found, added] = names_.emplace(name, declaration.full_name());
    if (added) return absl::OkStatus();
    return SchemaError(declaration,
                       absl::StrCat("is ", name, " in C, as ", found->second,
                                    ": rename one of them"));
  }

 private:
  std::map<std::string, std::string> names_;
};

absl::Status CheckMembers(const SchemaModel& schema, const MessageModel& type) {
  Names members;
  std::set<const OneofDescriptor*> oneofs;
  for (const FieldModel* field : CFields(schema, type)) {
    const FieldDescriptor& declared = *field->descriptor;
    const OneofDescriptor* oneof = OneofOf(*field);
    if (oneof == nullptr) {
      DS_RETURN_IF_ERROR(members.Add(CMember(declared), declared));
      if (field->cardinality() == Cardinality::kOptional) {
        DS_RETURN_IF_ERROR(members.Add(CPresence(declared), declared));
      }
      continue;
    }
    if (oneofs.insert(oneof).second) {
      DS_RETURN_IF_ERROR(members.Add(CMember(*oneof), declared));
      DS_RETURN_IF_ERROR(members.Add(CSelector(*oneof), declared));
    }
    DS_RETURN_IF_ERROR(members.Add(
        absl::StrCat(CMember(*oneof), ".", CMember(declared)), declared));
  }
  return absl::OkStatus();
}

absl::Status AddType(const MessageModel& type, Names* names) {
  const Descriptor& message = *type.descriptor;
  DS_RETURN_IF_ERROR(names->Add(CName(message.full_name()), message));
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *message.oneof_decl(i);
    DS_RETURN_IF_ERROR(names->Add(CSelectorValue(oneof, "NOT_SET"), message));
    for (int j = 0; j < oneof.field_count(); ++j) {
      DS_RETURN_IF_ERROR(names->Add(
          CSelectorValue(oneof, oneof.field(j)->name()), *oneof.field(j)));
    }
  }
  return absl::OkStatus();
}

absl::Status AddFunctions(const SchemaModel& schema, Names* names) {
  const Descriptor& root = *schema.root->descriptor;
  const std::string name = CName(root.full_name());
  for (const char* function : {"_schema", "_begin", "_get"}) {
    DS_RETURN_IF_ERROR(names->Add(name + function, root));
  }
  for (const FieldModel* batch : schema.batches) {
    const FieldDescriptor& field = *batch->descriptor;
    const std::string lower = absl::AsciiStrToLower(field.name());
    DS_RETURN_IF_ERROR(names->Add(name + "_add_" + lower, field));
    DS_RETURN_IF_ERROR(names->Add(name + "_get_" + lower, field));
    DS_RETURN_IF_ERROR(names->Add(CUpperName(field.full_name()), field));
  }
  return absl::OkStatus();
}

class TypeFinder {
 public:
  explicit TypeFinder(CTypes* types) : types_(*types) {}

  void Add(const MessageModel& message) {
    if (!seen_.insert(message.descriptor).second) return;
    for (const FieldModel& field : message.fields) {
      if (field.enumeration != nullptr &&
          seen_.insert(field.enumeration->descriptor).second) {
        types_.enums.push_back(field.enumeration);
      }
      if (field.message != nullptr) Add(*field.message);
    }
    types_.messages.push_back(&message);
  }

 private:
  CTypes& types_;
  std::set<const void*> seen_;
};

}  // namespace

std::string CName(absl::string_view full_name) {
  std::string name;
  for (size_t i = 0; i < full_name.size(); ++i) {
    const char c = full_name[i];
    if (c == '.') {
      name += '_';
      continue;
    }
    const char before = i == 0 ? '.' : full_name[i - 1];
    const char after = i + 1 < full_name.size() ? full_name[i + 1] : '.';
    // A word starts: "fs|State", "HTTP|Server".
    if (absl::ascii_isupper(c) &&
        (absl::ascii_islower(before) || absl::ascii_isdigit(before) ||
         (absl::ascii_isupper(before) && absl::ascii_islower(after)))) {
      name += '_';
    }
    name += absl::ascii_tolower(c);
  }
  return name;
}

std::string CUpperName(absl::string_view full_name) {
  return absl::AsciiStrToUpper(CName(full_name));
}

std::string CInt32(int32_t number) {
  return number == INT32_MIN ? "INT32_MIN" : absl::StrCat(number);
}

std::string CEnumerator(const EnumValueDescriptor& value) {
  return Join(CUpperName(ScopeOf(*value.type())), value.name());
}

std::string CMember(const FieldDescriptor& field) {
  const std::string name = MemberName(field);
  // Of C's keywords, those that C++ does not have.
  return name == "restrict" ? "restrict_" : name;
}

std::string CMember(const OneofDescriptor& oneof) {
  return MemberName(oneof.name());
}

std::string CSelector(const OneofDescriptor& oneof) {
  return absl::AsciiStrToLower(oneof.name()) + "_case";
}

std::string CSelectorValue(const OneofDescriptor& oneof,
                           absl::string_view field) {
  return absl::StrCat(CUpperName(oneof.full_name()), "_",
                      absl::AsciiStrToUpper(field));
}

std::string CPresence(const FieldDescriptor& field) {
  return "has_" + absl::AsciiStrToLower(field.name());
}

const OneofDescriptor* OneofOf(const FieldModel& field) {
  return field.descriptor->real_containing_oneof();
}

CTypes CTypesOf(const SchemaModel& schema) {
  CTypes types;
  TypeFinder(&types).Add(*schema.root);
  return types;
}

std::vector<const FieldModel*> CFields(const SchemaModel& schema,
                                       const MessageModel& type) {
  std::vector<const FieldModel*> fields;
  for (const FieldModel& field : type.fields) {
    if (&type != schema.root || !HoldsRecords(field)) fields.push_back(&field);
  }
  return fields;
}

absl::Status CheckCNames(const SchemaModel& schema) {
  Names names;
  const CTypes types = CTypesOf(schema);
  for (const MessageModel* type : types.messages) {
    DS_RETURN_IF_ERROR(CheckMembers(schema, *type));
    DS_RETURN_IF_ERROR(AddType(*type, &names));
  }
  for (const EnumModel* type : types.enums) {
    for (int i = 0; i < type->descriptor->value_count(); ++i) {
      const EnumValueDescriptor& value = *type->descriptor->value(i);
      DS_RETURN_IF_ERROR(names.Add(CEnumerator(value), value));
    }
  }
  return AddFunctions(schema, &names);
}

}  // namespace devstate
