// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CODEGEN_CPP_NAMES_H_
#define DEVSTATE_CODEGEN_CPP_NAMES_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_model.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Namespace of the package, "devices::fs::v1"; empty without a package.
std::string CppNamespace(const google::protobuf::FileDescriptor& file);

// What protobuf's C++ generator calls a message or an enum, fully qualified.
template <typename Descriptor>
std::string ProtobufName(const Descriptor& descriptor) {
  std::string name(descriptor.name());
  for (const google::protobuf::Descriptor* outer = descriptor.containing_type();
       outer != nullptr; outer = outer->containing_type()) {
    name = absl::StrCat(outer->name(), "_", name);
  }
  const std::string ns = CppNamespace(*descriptor.file());
  return ns.empty() ? "::" + name : "::" + ns + "::" + name;
}

// The field as a member: its name, with '_' behind it where C++ has a keyword.
std::string MemberName(const google::protobuf::FieldDescriptor& field);
// The same for any name of a schema.
std::string MemberName(absl::string_view name);

// "devices/fs/v1/fs.proto" -> "devices/fs/v1/fs".
std::string WithoutProtoSuffix(absl::string_view file_name);

// The macro that guards a header made of a file: "DEVICES_FS_V1_FS" and
// `suffix`.
std::string HeaderGuard(absl::string_view file_name, absl::string_view suffix);

// What one value of the field is in a row struct: "uint64_t",
// "absl::string_view", "InodeRow".
std::string ValueType(const FieldModel& field);

// What the field is in a row struct: ValueType(), optional or span of it.
std::string MemberType(const FieldModel& field);

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_CPP_NAMES_H_
