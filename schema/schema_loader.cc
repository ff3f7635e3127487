// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/schema_loader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "devstate/options.pb.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace devstate {
namespace {

namespace fs = ::std::filesystem;

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::FileDescriptorSet;

constexpr uintmax_t kMaxFileSize = uintmax_t{64} << 20;

bool IsBuiltIn(absl::string_view name) {
  return name == "devstate/options.proto" ||
         name == "google/protobuf/descriptor.proto";
}

void AddBuiltIns(google::protobuf::SimpleDescriptorDatabase* database) {
  for (const FileDescriptor* file :
       {google::protobuf::FileDescriptorProto::descriptor()->file(),
        FieldAnnotations::descriptor()->file()}) {
    FileDescriptorProto copy;
    file->CopyTo(&copy);
    database->Add(copy);
  }
}

std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// Keeps the first error that has a place, else the first.
class FirstError : public google::protobuf::compiler::MultiFileErrorCollector,
                   public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, int line, int column,
                const std::string& message) override {
    std::string text = message;
    if (absl::StartsWith(message, "Import \"") ||
        absl::StrContains(message, "not found or had errors")) {
      absl::StrAppend(&text, " Name the folder it is relative to with -I.");
    }
    if (line >= 0) {
      Keep(absl::StrCat(file, ":", line + 1, ":", column + 1, ": ", text),
           /*placed=*/true);
    } else {
      Keep(absl::StrCat(file, ": ", text), /*placed=*/false);
    }
  }

  void AddError(const std::string& file, const std::string& element,
                const google::protobuf::Message*, ErrorLocation,
                const std::string& message) override {
    Keep(absl::StrCat(file, ": ", element, ": ", message), /*placed=*/false);
  }

  // Neither belongs to the standard error of a tool that answers in one line.
  void AddWarning(const std::string&, int, int, const std::string&) override {}
  void AddWarning(const std::string&, const std::string&,
                  const google::protobuf::Message*, ErrorLocation,
                  const std::string&) override {}

  absl::Status ToStatus(const std::string& path) const {
    return absl::InvalidArgumentError(
        text_.empty() ? absl::StrCat(path, ": not a schema") : OneLine(text_));
  }

 private:
  void Keep(std::string text, bool placed) {
    if (!text_.empty() && (placed_ || !placed)) return;
    text_ = std::move(text);
    placed_ = placed;
  }

  std::string text_;
  bool placed_ = false;
};

// Files of text in memory.
class TextTree : public google::protobuf::compiler::SourceTree {
 public:
  TextTree(std::string name, std::string text)
      : name_(std::move(name)), text_(std::move(text)) {}

  google::protobuf::io::ZeroCopyInputStream* Open(
      const std::string& name) override {
    if (name != name_) return nullptr;
    return new google::protobuf::io::ArrayInputStream(
        text_.data(), static_cast<int>(text_.size()));
  }

 private:
  const std::string name_;
  const std::string text_;
};

void FindRoots(const Descriptor& message,
               std::vector<const Descriptor*>* roots) {
  if (!message.options().GetExtension(devstate::message).schema().empty()) {
    roots->push_back(&message);
  }
  for (int i = 0; i < message.nested_type_count(); ++i) {
    FindRoots(*message.nested_type(i), roots);
  }
}

// Messages of `message` and within it that `name` can mean.
void FindNamed(const Descriptor& message, const std::string& name,
               std::vector<const Descriptor*>* found) {
  if (message.full_name() == name ||
      absl::EndsWith(message.full_name(), absl::StrCat(".", name))) {
    found->push_back(&message);
  }
  for (int i = 0; i < message.nested_type_count(); ++i) {
    FindNamed(*message.nested_type(i), name, found);
  }
}

absl::StatusOr<const Descriptor*> ChooseRoot(
    const std::string& path, const std::vector<const FileDescriptor*>& files,
    const std::string& name) {
  std::vector<const Descriptor*> found;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      if (name.empty()) {
        FindRoots(*file->message_type(i), &found);
      } else {
        FindNamed(*file->message_type(i), name, &found);
      }
    }
  }
  if (found.empty() && name.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        ": no message has a schema name: write option (devstate.message) = { "
        "schema: \"…\" version: 1 } in the root message, or name it with "
        "--root"));
  }
  if (found.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": no message is named ", name,
                     ": give --root the full name of the root message"));
  }
  if (found.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": several root messages: choose one with --root: ",
        absl::StrJoin(found, ", ", [](std::string* out, const Descriptor* d) {
          absl::StrAppend(out, d->full_name());
        })));
  }
  return found[0];
}

// Whether all that `file` is made of is proto3.
absl::Status CheckSyntax(const std::string& path, const FileDescriptor& file,
                         std::set<const FileDescriptor*>* seen) {
  if (IsBuiltIn(file.name()) || !seen->insert(&file).second) {
    return absl::OkStatus();
  }
  if (file.syntax() != FileDescriptor::SYNTAX_PROTO3) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": ", file.name(),
        " is not proto3, which every schema is: write syntax = \"proto3\";"));
  }
  for (int i = 0; i < file.dependency_count(); ++i) {
    DS_RETURN_IF_ERROR(CheckSyntax(path, *file.dependency(i), seen));
  }
  return absl::OkStatus();
}

}  // namespace

struct LoadedSchema::Source {
  google::protobuf::SimpleDescriptorDatabase built_in;
  std::unique_ptr<google::protobuf::compiler::SourceTree> tree;
  std::unique_ptr<google::protobuf::DescriptorDatabase> files;
  std::unique_ptr<google::protobuf::MergedDescriptorDatabase> all;
  FirstError errors;
  std::unique_ptr<DescriptorPool> pool;
};

LoadedSchema::LoadedSchema() = default;
LoadedSchema::LoadedSchema(LoadedSchema&&) = default;
LoadedSchema& LoadedSchema::operator=(LoadedSchema&&) = default;
LoadedSchema::~LoadedSchema() = default;

class SchemaReader {
 public:
  SchemaReader(std::string path, const SchemaLoadOptions& options)
      : path_(std::move(path)), options_(options) {
    result_.source_ = std::make_unique<LoadedSchema::Source>();
    AddBuiltIns(&source().built_in);
  }

  absl::StatusOr<LoadedSchema> FromProto() {
    auto tree = std::make_unique<google::protobuf::compiler::DiskSourceTree>();
    for (const std::string& folder : options_.import_paths) {
      tree->MapPath("", folder);
    }
    const std::string parent = fs::path(path_).parent_path().string();
    tree->MapPath("", parent.empty() ? "." : parent);
    std::string name;
    std::string shadowing;
    switch (tree->DiskFileToVirtualFile(path_, &name, &shadowing)) {
      case google::protobuf::compiler::DiskSourceTree::SUCCESS:
        break;
      case google::protobuf::compiler::DiskSourceTree::SHADOWED:
        return absl::InvalidArgumentError(
            absl::StrCat(path_, ": ", shadowing,
                         " comes before it in the import path: change the "
                         "order of -I"));
      default:
        return absl::NotFoundError(absl::StrCat(path_, ": cannot be read"));
    }
    return FromTree(std::move(tree), name);
  }

  absl::StatusOr<LoadedSchema> FromText(const std::string& text) {
    return FromTree(std::make_unique<TextTree>(path_, text), path_);
  }

  absl::StatusOr<LoadedSchema> FromDescriptorSetFile() {
    std::ifstream file(path_, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    if (!file.good() && !file.eof()) {
      return absl::NotFoundError(absl::StrCat(path_, ": cannot be read"));
    }
    return FromBytes(bytes);
  }

  absl::StatusOr<LoadedSchema> FromBytes(absl::string_view bytes) {
    FileDescriptorSet set;
    if (!set.ParsePartialFromArray(bytes.data(),
                                   static_cast<int>(bytes.size())) ||
        !set.IsInitialized() || set.file().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          path_,
          ": neither a .proto file nor a binary FileDescriptorSet: protoc "
          "--include_imports --descriptor_set_out=FILE makes one"));
    }
    auto files = std::make_unique<google::protobuf::SimpleDescriptorDatabase>();
    std::vector<std::string> names;
    for (const FileDescriptorProto& proto : set.file()) {
      if (IsBuiltIn(proto.name())) continue;
      if (!files->Add(proto)) {
        return absl::InvalidArgumentError(
            absl::StrCat(path_, ": ", OneLine(proto.name()),
                         " defines what is defined before it"));
      }
      names.push_back(proto.name());
    }
    source().files = std::move(files);
    return Build(&source().errors, names);
  }

 private:
  LoadedSchema::Source& source() { return *result_.source_; }

  absl::StatusOr<LoadedSchema> FromTree(
      std::unique_ptr<google::protobuf::compiler::SourceTree> tree,
      const std::string& name) {
    source().tree = std::move(tree);
    auto files = std::make_unique<
        google::protobuf::compiler::SourceTreeDescriptorDatabase>(
        source().tree.get());
    files->RecordErrorsTo(&source().errors);
    DescriptorPool::ErrorCollector* validation =
        files->GetValidationErrorCollector();
    source().files = std::move(files);
    return Build(validation, {name});
  }

  absl::StatusOr<LoadedSchema> Build(DescriptorPool::ErrorCollector* collector,
                                     const std::vector<std::string>& names) {
    source().all = std::make_unique<google::protobuf::MergedDescriptorDatabase>(
        &source().built_in, source().files.get());
    source().pool =
        std::make_unique<DescriptorPool>(source().all.get(), collector);
    std::vector<const FileDescriptor*> files;
    std::set<const FileDescriptor*> seen;
    for (const std::string& name : names) {
      const FileDescriptor* file = source().pool->FindFileByName(name);
      if (file == nullptr) return source().errors.ToStatus(path_);
      files.push_back(file);
    }
    DS_ASSIGN_OR_RETURN(result_.root_, ChooseRoot(path_, files, options_.root));
    DS_RETURN_IF_ERROR(CheckSyntax(path_, *result_.root_->file(), &seen));
    result_.model_ = BuildSchemaModel(*result_.root_);
    result_.model_.file = path_;
    return std::move(result_);
  }

  const std::string path_;
  const SchemaLoadOptions& options_;
  LoadedSchema result_;
};

absl::StatusOr<LoadedSchema> LoadSchema(const std::string& path,
                                        const SchemaLoadOptions& options) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return absl::NotFoundError(absl::StrCat(
        path, ": ",
        fs::exists(path, error) ? "is not a file" : "no such file"));
  }
  if (fs::file_size(path, error) > kMaxFileSize) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": larger than 64 MiB, which no schema is"));
  }
  SchemaReader reader(path, options);
  return absl::EndsWith(path, ".proto") ? reader.FromProto()
                                        : reader.FromDescriptorSetFile();
}

absl::StatusOr<LoadedSchema> ParseSchema(const std::string& name,
                                         const std::string& text,
                                         const SchemaLoadOptions& options) {
  return SchemaReader(name, options).FromText(text);
}

absl::StatusOr<LoadedSchema> ParseDescriptorSet(
    const std::string& name, absl::string_view bytes,
    const SchemaLoadOptions& options) {
  if (bytes.size() > kMaxFileSize) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": larger than 64 MiB, which no schema is"));
  }
  return SchemaReader(name, options).FromBytes(bytes);
}

absl::StatusOr<std::vector<LoadedSchema>> LoadSchemaFiles(
    const std::vector<std::string>& paths, const SchemaLoadOptions& options) {
  std::vector<LoadedSchema> schemas;
  for (const std::string& path : paths) {
    absl::StatusOr<LoadedSchema> schema = LoadSchema(path, options);
    if (absl::IsFailedPrecondition(schema.status())) continue;
    if (!schema.ok()) return schema.status();
    schemas.push_back(*std::move(schema));
  }
  if (schemas.empty() && !paths.empty()) {
    return absl::NotFoundError(absl::StrCat(
        paths[0], paths.size() > 1 ? " and the other files hold" : ": holds",
        " no schema: put released .proto files or descriptor sets with a root "
        "message there"));
  }
  std::sort(schemas.begin(), schemas.end(),
            [](const LoadedSchema& a, const LoadedSchema& b) {
              const SchemaModel& x = a.model();
              const SchemaModel& y = b.model();
              return std::make_tuple(x.schema(), x.version(), x.file) <
                     std::make_tuple(y.schema(), y.version(), y.file);
            });
  return schemas;
}

absl::StatusOr<std::vector<LoadedSchema>> LoadSchemas(
    const std::string& folder, const SchemaLoadOptions& options) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(absl::StrCat(folder, ": no such folder"));
  }
  static const std::set<std::string> kExtensions = {".proto", ".binpb", ".pb",
                                                    ".desc", ".bin"};
  std::vector<std::string> paths;
  const auto collect = [&](const fs::path& where, bool deeper,
                           const auto& self) -> void {
    std::error_code ignored;
    for (const fs::directory_entry& entry :
         fs::directory_iterator(where, ignored)) {
      if (entry.is_directory(ignored)) {
        if (deeper) self(entry.path(), false, self);
      } else if (kExtensions.count(entry.path().extension().string()) != 0) {
        paths.push_back(entry.path().string());
      }
    }
  };
  collect(folder, true, collect);
  if (paths.empty()) {
    return absl::NotFoundError(absl::StrCat(
        folder,
        ": holds no schema: put released .proto files or descriptor "
        "sets with a root message there"));
  }
  return LoadSchemaFiles(paths, options);
}

}  // namespace devstate
