// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What things of a schema are called in C, which has one scope for all of them:
// full names, in the case that C programs have.

#ifndef DEVSTATE_CODEGEN_C_NAMES_H_
#define DEVSTATE_CODEGEN_C_NAMES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_model.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// "devices_fs_v1_inode" for devices.fs.v1.Inode.
std::string CName(absl::string_view full_name);
// "DEVICES_FS_V1_INODE".
std::string CUpperName(absl::string_view full_name);

// A number as C has it, whose literals do not include the smallest.
std::string CInt32(int32_t number);

// A value of an enum, in the scope that it has in the schema.
std::string CEnumerator(const google::protobuf::EnumValueDescriptor& value);

// The field as a member of a struct.
std::string CMember(const google::protobuf::FieldDescriptor& field);
// The union of a oneof, and the member that says which field is set.
std::string CMember(const google::protobuf::OneofDescriptor& oneof);
std::string CSelector(const google::protobuf::OneofDescriptor& oneof);
// Says that nothing of the oneof is set; "…_NUMBER" is that field.
std::string CSelectorValue(const google::protobuf::OneofDescriptor& oneof,
                           absl::string_view field);
// The member that says whether the field is set.
std::string CPresence(const google::protobuf::FieldDescriptor& field);

// The oneof of the field, or null.
const google::protobuf::OneofDescriptor* OneofOf(const FieldModel& field);

// The messages of the schema that are structs, parts before what contains them,
// the root last; and its enums in the order in which they occur.
struct CTypes {
  std::vector<const MessageModel*> messages;
  std::vector<const EnumModel*> enums;
};
CTypes CTypesOf(const SchemaModel& schema);

// The fields of the struct: of the root, those that hold no records.
std::vector<const FieldModel*> CFields(const SchemaModel& schema,
                                       const MessageModel& type);

// Returns whether the names of the schema differ from each other. An error is
// INVALID_ARGUMENT and names file, line, field and remedy.
absl::Status CheckCNames(const SchemaModel& schema);

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_C_NAMES_H_
