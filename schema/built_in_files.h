// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_BUILT_IN_FILES_H_
#define DEVSTATE_SCHEMA_BUILT_IN_FILES_H_

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/descriptor_database.h"

namespace devstate {

// The files that every schema can import: devstate/options.proto and the
// google/protobuf/*.proto that protoc knows.
class BuiltInFiles : public google::protobuf::DescriptorDatabase {
 public:
  // Leaves the file to another database.
  void Hide(const std::string& name) { hidden_.insert(name); }

  bool FindFileByName(ProtobufDatabaseText name,
                      google::protobuf::FileDescriptorProto* output) override;
  bool FindFileContainingSymbol(
      ProtobufDatabaseText symbol,
      google::protobuf::FileDescriptorProto* output) override;
  bool FindFileContainingExtension(
      ProtobufDatabaseText type, int number,
      google::protobuf::FileDescriptorProto* output) override;

 private:
  std::set<std::string> hidden_;
};

// Returns whether the file is one that schemas are written in, descriptor.proto
// or devstate/options.proto. A copy of it in a descriptor set does not count.
bool IsOfTheLanguage(absl::string_view file);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_BUILT_IN_FILES_H_
