// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a root message's records look like to all that is generated for them.

#ifndef DEVSTATE_CODEGEN_RECORD_MODEL_H_
#define DEVSTATE_CODEGEN_RECORD_MODEL_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codegen/record_check.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

struct RecordType;

// A field of a record.
struct RecordField {
  // How often the field can occur in a record.
  enum class Cardinality {
    // Always: a proto3 scalar without presence.
    kOne,
    // Optional scalars, messages, members of a oneof.
    kOptional,
    // Repeated fields and maps.
    kRepeated,
  };

  const google::protobuf::FieldDescriptor* descriptor;
  Cardinality cardinality;
  // Of a message field.
  const RecordType* message = nullptr;
};

// A message that travels in columns: a record or part of one.
struct RecordType {
  const google::protobuf::Descriptor* descriptor;
  // Name relative to the root's package, nested names joined by '_'. Generated
  // names are this with a suffix.
  std::string name;
  // In ascending order of number.
  std::vector<RecordField> fields;
};

struct RecordModel {
  const google::protobuf::Descriptor* root;
  // Parts before the types that contain them.
  std::vector<std::unique_ptr<RecordType>> types;
  // The repeated message fields of the root, in ascending order of number.
  struct Batch {
    const google::protobuf::FieldDescriptor* field;
    const RecordType* type;
  };
  std::vector<Batch> batches;
};

// Every error is INVALID_ARGUMENT and names file, line, field and remedy.
// `max_depth` as for CheckRootType().
absl::StatusOr<RecordModel> BuildRecordModel(
    const google::protobuf::Descriptor& root, int max_depth = kMaxRecordDepth);

// "mount_paths" -> "MountPaths".
std::string CamelCase(const std::string& name);

// An error at the place in the .proto file where `descriptor` is defined.
template <typename Descriptor>
absl::Status SchemaError(const Descriptor& descriptor,
                         const std::string& text) {
  google::protobuf::SourceLocation location;
  std::string where = descriptor.file()->name();
  if (descriptor.GetSourceLocation(&location)) {
    where += ":" + std::to_string(location.start_line + 1) + ":" +
             std::to_string(location.start_column + 1);
  }
  return absl::InvalidArgumentError(where + ": " + descriptor.full_name() +
                                    ": " + text);
}

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_RECORD_MODEL_H_
