// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Text, descriptor sets and pipes all end in one function, which builds the
// schema and checks its syntax. protobuf's loaders write to standard error and
// name files as they are imported. The collectors here turn that into one line
// with the path that the user knows.

#include "devstate/schema/schema_loader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "devstate/options.pb.h"
#include "devstate/schema/built_in_files.h"
#include "devstate/schema/import_tree.h"
#include "devstate/schema/name_text.h"
#include "devstate/schema/proto_text.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/descriptor_database.h"

namespace devstate {
namespace {

namespace fs = ::std::filesystem;

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::DescriptorProto;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::FileDescriptorSet;

std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// Keeps the first error that has a place, else the first.
class FirstError : public SchemaErrorCollector {
 public:
  // Errors name the files of `tree` rather than how they are imported.
  void set_tree(const ImportTree* tree) { tree_ = tree; }

  void TakeError(ProtobufText file, int line, int column,
                 ProtobufText message) override {
    if (line < 0) {
      missing_[std::string(file)] = std::string(message);
      Keep(absl::StrCat(PathOf(file), ": ", message), /*placed=*/false);
      return;
    }
    std::string text(message);
    for (const auto& [name, reason] : missing_) {
      const std::string import = absl::StrCat("mport \"", name, "\"");
      if (absl::StrContains(message, import)) {
        text = absl::StrCat("i", import, ": ", reason);
      }
    }
    Keep(absl::StrCat(PathOf(file), ":", line + 1, ":", column + 1, ": ", text),
         /*placed=*/true);
  }

  void TakeError(ProtobufText file, ProtobufText element,
                 ErrorLocation location, ProtobufText message) override {
    Keep(absl::StrCat(PathOf(file), ": ", element, ": ", message,
                      location == IMPORT
                          ? " protoc --include_imports puts it into the set."
                          : ""),
         /*placed=*/false);
  }

  absl::Status ToStatus(const std::string& path) const {
    return absl::InvalidArgumentError(
        text_.empty() ? absl::StrCat(path, ": not a schema") : OneLine(text_));
  }

 private:
  std::string PathOf(ProtobufText file) const {
    std::string name(file);
    return tree_ == nullptr ? name : tree_->PathOf(name);
  }

  void Keep(std::string text, bool placed) {
    if (!text_.empty() && (placed_ || !placed)) return;
    text_ = std::move(text);
    placed_ = placed;
  }

  const ImportTree* tree_ = nullptr;
  // Why an import could not be opened, by its name.
  std::map<std::string, std::string> missing_;
  std::string text_;
  bool placed_ = false;
};

absl::Status TooLarge(const std::string& path) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": larger than 64 MiB, which no schema is"));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (!file.good() && !file.eof()) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  return bytes;
}

// Reads standard input, or a pipe, to its end.
absl::StatusOr<std::string> ReadOnce(const std::string& path,
                                     const std::string& name) {
  const int fd = path == "-" ? dup(STDIN_FILENO)
                             : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string bytes;
  std::string buffer(64 << 10, '\0');
  ssize_t got = fd < 0 ? -1 : 1;
  while (got > 0 && bytes.size() <= kMaxSchemaBytes) {
    got = read(fd, &buffer[0], buffer.size());
    if (got > 0) bytes.append(buffer, 0, static_cast<size_t>(got));
    if (got < 0 && errno == EINTR) got = 1;
  }
  const int error = errno;
  if (fd >= 0) close(fd);
  if (got < 0) {
    return absl::NotFoundError(
        absl::StrCat(name, ": cannot be read: ", std::strerror(error)));
  }
  return bytes;
}

bool IsPipe(const std::string& path) {
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  return path == "-" || type == fs::file_type::fifo ||
         type == fs::file_type::socket;
}

// Whether `message` or one within it can be what SchemaLoadOptions::root asks
// for, which only its imports tell for sure.
bool MayBeRoot(const DescriptorProto& message, const std::string& root) {
  return (root.empty() ? message.options().uninterpreted_option_size() > 0
                       : absl::EndsWith(absl::StrCat(".", root),
                                        absl::StrCat(".", message.name()))) ||
         std::any_of(message.nested_type().begin(), message.nested_type().end(),
                     [&root](const DescriptorProto& nested) {
                       return MayBeRoot(nested, root);
                     });
}

// Whether the file is one that a schema imports and is none itself. Its own
// imports may be relative to the schema that imports it.
bool IsPart(const std::string& path, const std::string& root) {
  if (!absl::EndsWith(path, ".proto") || IsPipe(path)) return false;
  const absl::StatusOr<std::string> text = ReadFile(path);
  FileDescriptorProto file;
  return text.ok() && text->size() <= kMaxSchemaBytes &&
         ParseAlone(*text, &file) &&
         std::none_of(file.message_type().begin(), file.message_type().end(),
                      [&root](const DescriptorProto& message) {
                        return MayBeRoot(message, root);
                      });
}

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
        absl::StrCat(path, ": no message is named ", NameText(name),
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

// Whether all that `message` is made of is proto3. What else its file imports,
// options for instance, is in no state.
absl::Status CheckSyntax(const std::string& path, const Descriptor& message,
                         std::set<const Descriptor*>* seen) {
  const auto check = [&path](const FileDescriptor& file) {
    if (IsProto3(file) || IsOfTheLanguage(file.name())) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": ", NameText(file.name()),
        " is not proto3, which every schema is: write syntax = \"proto3\";"));
  };
  if (!seen->insert(&message).second) return absl::OkStatus();
  DS_RETURN_IF_ERROR(check(*message.file()));
  for (int i = 0; i < message.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *message.field(i);
    if (field.enum_type() != nullptr) {
      DS_RETURN_IF_ERROR(check(*field.enum_type()->file()));
    }
    if (field.message_type() != nullptr) {
      DS_RETURN_IF_ERROR(CheckSyntax(path, *field.message_type(), seen));
    }
  }
  return absl::OkStatus();
}

}  // namespace

struct LoadedSchema::Source {
  BuiltInFiles built_in;
  std::unique_ptr<ImportTree> tree;
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
  }

  absl::StatusOr<LoadedSchema> FromProto() {
    DS_ASSIGN_OR_RETURN(std::string text, ReadFile(path_));
    FileDescriptorProto alone;
    if (!ParseAlone(text, &alone)) DS_RETURN_IF_ERROR(CheckText(text));
    return FromText(NameWithin(path_, options_.import_paths), std::move(text),
                    FoldersOf(path_, alone.package()));
  }

  // Checks what ParseAlone() refuses and protobuf's loader must not see.
  absl::Status CheckText(const std::string& text) const {
    const absl::Status nesting = CheckNesting(text);
    if (nesting.ok()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ":", nesting.message()));
  }

  // `name` is how the schema imports itself, and what it is in the descriptors.
  // Requires: ParseAlone() takes `text`, or CheckText() does.
  absl::StatusOr<LoadedSchema> FromText(const std::string& name,
                                        std::string text,
                                        ImportFolders folders) {
    folders.named = options_.import_paths;
    folders.flag = options_.import_flag;
    source().tree = std::make_unique<ImportTree>(name, path_, std::move(text),
                                                 std::move(folders));
    source().errors.set_tree(source().tree.get());
    auto files = std::make_unique<
        google::protobuf::compiler::SourceTreeDescriptorDatabase>(
        source().tree.get());
    files->RecordErrorsTo(&source().errors);
    DescriptorPool::ErrorCollector* validation =
        files->GetValidationErrorCollector();
    source().files = std::move(files);
    return Build(validation, {name});
  }

  absl::StatusOr<LoadedSchema> FromDescriptorSetFile() {
    DS_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path_));
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
    DS_RETURN_IF_ERROR(CheckNestingOfOptions(path_, set));
    auto files = std::make_unique<google::protobuf::SimpleDescriptorDatabase>();
    std::vector<std::string> names;
    for (const FileDescriptorProto& proto : set.file()) {
      if (IsOfTheLanguage(proto.name())) continue;
      source().built_in.Hide(proto.name());
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

  absl::StatusOr<LoadedSchema> Build(DescriptorPool::ErrorCollector* collector,
                                     const std::vector<std::string>& names) {
    source().all = std::make_unique<google::protobuf::MergedDescriptorDatabase>(
        &source().built_in, source().files.get());
    source().pool =
        std::make_unique<DescriptorPool>(source().all.get(), collector);
    std::vector<const FileDescriptor*> files;
    for (const std::string& name : names) {
      const FileDescriptor* file = source().pool->FindFileByName(name);
      if (file == nullptr) return source().errors.ToStatus(path_);
      files.push_back(file);
    }
    DS_ASSIGN_OR_RETURN(result_.root_, ChooseRoot(path_, files, options_.root));
    std::set<const Descriptor*> seen;
    DS_RETURN_IF_ERROR(CheckSyntax(path_, *result_.root_, &seen));
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
  if (IsPipe(path)) {
    const std::string name = path == "-" ? "(stdin)" : path;
    DS_ASSIGN_OR_RETURN(const std::string bytes, ReadOnce(path, name));
    return ParseSchema(name, bytes, options);
  }
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return absl::NotFoundError(absl::StrCat(
        path, ": ",
        fs::exists(path, error) ? "is not a file" : "no such file"));
  }
  if (fs::file_size(path, error) > kMaxSchemaBytes) return TooLarge(path);
  SchemaReader reader(path, options);
  return absl::EndsWith(path, ".proto") ? reader.FromProto()
                                        : reader.FromDescriptorSetFile();
}

absl::StatusOr<LoadedSchema> ParseSchema(const std::string& name,
                                         const std::string& bytes,
                                         const SchemaLoadOptions& options) {
  if (bytes.size() > kMaxSchemaBytes) return TooLarge(name);
  SchemaReader reader(name, options);
  FileDescriptorProto alone;
  // Rubbish is told so as a descriptor set.
  const bool may_be_text = bytes.find('\0') == std::string::npos;
  if (!may_be_text || !ParseAlone(bytes, &alone)) {
    if (!may_be_text || FileDescriptorSet().ParsePartialFromString(bytes)) {
      return reader.FromBytes(bytes);
    }
    DS_RETURN_IF_ERROR(reader.CheckText(bytes));
  }
  return reader.FromText(absl::EndsWith(name, ".proto") ? name : "schema.proto",
                         bytes, {});
}

absl::StatusOr<LoadedSchema> ParseDescriptorSet(
    const std::string& name, absl::string_view bytes,
    const SchemaLoadOptions& options) {
  if (bytes.size() > kMaxSchemaBytes) return TooLarge(name);
  return SchemaReader(name, options).FromBytes(bytes);
}

absl::StatusOr<std::vector<LoadedSchema>> LoadSchemaFiles(
    const std::vector<std::string>& paths, const SchemaLoadOptions& options) {
  std::vector<LoadedSchema> schemas;
  for (const std::string& path : paths) {
    if (IsPart(path, options.root)) continue;
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
    return absl::NotFoundError(absl::StrCat(
        folder, fs::exists(folder, error) ? ": is not a folder: name the one "
                                            "that has the released schemas"
                                          : ": no such folder"));
  }
  static const std::set<std::string> kExtensions = {".proto", ".binpb", ".pb",
                                                    ".desc", ".bin"};
  std::vector<std::string> paths;
  std::vector<std::string> folders = {folder};
  for (size_t i = 0; i < folders.size(); ++i) {
    const std::string where = folders[i];
    fs::directory_iterator entries(where, error);
    if (error) {
      return absl::NotFoundError(
          absl::StrCat(where, ": cannot be read: ", error.message()));
    }
    for (const fs::directory_entry& entry : entries) {
      if (entry.is_directory(error)) {
        if (i == 0) folders.push_back(entry.path().string());
      } else if (kExtensions.count(entry.path().extension().string()) != 0) {
        paths.push_back(entry.path().string());
      }
    }
  }
  if (paths.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder,
        ": holds no schema: put released .proto files or descriptor "
        "sets with a root message there"));
  }
  // A link to the newest version is no other schema.
  std::sort(paths.begin(), paths.end());
  std::set<fs::path> seen;
  paths.erase(
      std::remove_if(paths.begin(), paths.end(),
                     [&seen](const std::string& path) {
                       std::error_code ignored;
                       const fs::path real = fs::canonical(path, ignored);
                       return !real.empty() && !seen.insert(real).second;
                     }),
      paths.end());
  return LoadSchemaFiles(paths, options);
}

}  // namespace devstate
