// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_IMPORT_TREE_H_
#define DEVSTATE_SCHEMA_IMPORT_TREE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/io/zero_copy_stream.h"

namespace devstate {

// The folders in which the imports of a schema are looked for, in this order.
struct ImportFolders {
  // The folder of the schema, and the folder from which its package names the
  // way to that.
  std::vector<std::string> own;
  // The folders above the schema, nearest first, each after the component with
  // which the way from there to the schema begins. An import that begins with
  // this component is relative to the nearest such folder.
  std::vector<std::pair<std::string, std::string>> above;
  // The folders that a user names, and the option that names one, for errors.
  std::vector<std::string> named;
  std::string flag;
};

// Returns the folders of the schema of `package` in the file `path`, without
// named ones. A copy that was frozen next to a released schema is found in
// them, and each of two checkouts of one tree has its own files. They do not
// lead out of a folder of released versions into the current tree.
ImportFolders FoldersOf(const std::string& path, absl::string_view package);

// The files of one schema: its own text, and what that imports. Thread-safety:
// none.
class ImportTree : public google::protobuf::compiler::SourceTree {
 public:
  // Makes the tree of the schema `text`, which others import as `name`. `path`
  // is for errors.
  ImportTree(std::string name, std::string path, std::string text,
             ImportFolders folders);

  // Opens a file. The stream must not outlive this object.
  google::protobuf::io::ZeroCopyInputStream* Open(ProtobufText name) override;
  std::string GetLastErrorMessage() override { return error_; }

  // Returns the file that was opened as `name`, for errors.
  std::string PathOf(const std::string& name) const;

 private:
  struct File {
    std::string path;
    std::string text;
  };

  std::vector<std::string> FoldersFor(const std::string& name) const;
  google::protobuf::io::ZeroCopyInputStream* Fail(std::string error);

  const ImportFolders folders_;
  // The files by the name under which they are imported.
  std::map<std::string, File> files_;
  // The name of each file by where it really is.
  std::map<std::string, std::string> names_;
  std::string error_;
};

// Returns `path` relative to the first of `folders` that it lies in, or its
// last component.
std::string NameWithin(const std::string& path,
                       const std::vector<std::string>& folders);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_IMPORT_TREE_H_
