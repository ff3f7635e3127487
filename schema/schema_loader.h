// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_SCHEMA_LOADER_H_
#define DEVSTATE_SCHEMA_SCHEMA_LOADER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_model.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// The size up to which a file or a descriptor set may be a schema.
inline constexpr uint64_t kMaxSchemaBytes = uint64_t{64} << 20;

struct SchemaLoadOptions {
  // The folders in which imports are looked for, in this order, after those
  // that the schema's own path names (FoldersOf() in import_tree.h).
  // devstate/options.proto and protobuf's own google/protobuf/*.proto need no
  // folder. Default: none.
  std::vector<std::string> import_paths;
  // The root message, by its full name or the end of it. Default: empty, the
  // one message with a schema name in (devstate.message).
  std::string root;
  // The option with which a user names a folder of `import_paths`, for errors.
  // Default: "-I".
  std::string import_flag = "-I";
};

// A schema with its descriptors, which live as long as this.
class LoadedSchema {
 public:
  LoadedSchema();
  LoadedSchema(LoadedSchema&&);
  LoadedSchema& operator=(LoadedSchema&&);
  ~LoadedSchema();

  const google::protobuf::Descriptor& root() const { return *root_; }
  const SchemaModel& model() const { return model_; }

 private:
  friend class SchemaReader;

  struct Source;
  std::unique_ptr<Source> source_;
  const google::protobuf::Descriptor* root_ = nullptr;
  SchemaModel model_;
};

// Reads a schema from a `.proto` file, or from a binary FileDescriptorSet,
// which may come from anywhere. Every file name that does not end in `.proto`
// is a descriptor set. "-" is standard input. It and a pipe are read once and
// are what their content is. They have no folder in which imports would be
// found.
//
// Errors are one line with file, place and remedy. NOT_FOUND for a file that
// cannot be read, INVALID_ARGUMENT for one that is not a schema,
// FAILED_PRECONDITION for one without any root message.
absl::StatusOr<LoadedSchema> LoadSchema(const std::string& path,
                                        const SchemaLoadOptions& options);

// Reads every schema in a folder and in the folders right within it, ascending
// by schema name, version and file. Files without a root message are passed
// over. So are those that are neither .proto files nor descriptor sets (.binpb,
// .pb, .desc, .bin). FAILED_PRECONDITION if nothing else is there.
absl::StatusOr<std::vector<LoadedSchema>> LoadSchemas(
    const std::string& folder, const SchemaLoadOptions& options);

// Reads every schema of `paths`, passed over and sorted as in a folder.
// NOT_FOUND if there are files and none of them has a root message.
absl::StatusOr<std::vector<LoadedSchema>> LoadSchemaFiles(
    const std::vector<std::string>& paths, const SchemaLoadOptions& options);

// Parses a schema in memory: the text of a .proto file, whose imports are found
// by `options` alone, or a binary FileDescriptorSet. `name` is for errors and
// is the model's file. At most 64 MiB.
absl::StatusOr<LoadedSchema> ParseSchema(const std::string& name,
                                         const std::string& bytes,
                                         const SchemaLoadOptions& options);

// Parses a binary FileDescriptorSet in memory, which may come from anywhere,
// such as a stream or a manifest. `name` is for errors and is the model's file.
// At most kMaxSchemaBytes.
absl::StatusOr<LoadedSchema> ParseDescriptorSet(
    const std::string& name, absl::string_view bytes,
    const SchemaLoadOptions& options);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_SCHEMA_LOADER_H_
