// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_IMPORT_TREE_H_
#define DEVSTATE_SCHEMA_IMPORT_TREE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/io/zero_copy_stream.h"

namespace devstate {

// Where the imports of a schema are looked for, in this order.
struct ImportFolders {
  // Beside the schema, and where the folder is of which its package names the
  // way to it.
  std::vector<std::string> own;
  // The folders above the schema, nearest first, each after the component with
  // which the way from there to the schema begins. An import that begins with
  // it is relative to the nearest such folder.
  std::vector<std::pair<std::string, std::string>> above;
  // That a user names, and the option that names one, for errors.
  std::vector<std::string> named;
  std::string flag;
};

// The folders of the schema of `package` in the file `path`, without named
// ones. A copy that was frozen beside a released schema is found in them, and
// each of two checkouts of one tree has its own files. They do not lead out of
// a folder of released versions into the tree that goes on.
ImportFolders FoldersOf(const std::string& path, absl::string_view package);

// The files of one schema: its own text, and what that imports. Not
// thread-safe.
class ImportTree : public google::protobuf::compiler::SourceTree {
 public:
  // The schema `text`, which others import as `name`; `path` is for errors.
  ImportTree(std::string name, std::string path, std::string text,
             ImportFolders folders);

  // The stream must not outlive this object.
  google::protobuf::io::ZeroCopyInputStream* Open(
      const std::string& name) override;
  std::string GetLastErrorMessage() override { return error_; }

  // The file that was opened as `name`, for errors.
  std::string PathOf(const std::string& name) const;

 private:
  struct File {
    std::string path;
    std::string text;
  };

  std::vector<std::string> FoldersFor(const std::string& name) const;
  google::protobuf::io::ZeroCopyInputStream* Fail(std::string error);

  const ImportFolders folders_;
  // By the name under which it is imported.
  std::map<std::string, File> files_;
  // The name of each file by where it really is.
  std::map<std::string, std::string> names_;
  std::string error_;
};

// `path` relative to the first of `folders` that it lies in, or its last
// component.
std::string NameWithin(const std::string& path,
                       const std::vector<std::string>& folders);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_IMPORT_TREE_H_
