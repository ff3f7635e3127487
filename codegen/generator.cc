// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/codegen/generator.h"

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "devstate/codegen/c_code.h"
#include "devstate/codegen/c_names.h"
#include "devstate/codegen/columns_proto.h"
#include "devstate/codegen/cpp_code.h"
#include "devstate/codegen/cpp_names.h"
#include "devstate/options.pb.h"
#include "devstate/schema/schema_check.h"
#include "devstate/schema/schema_error.h"
#include "devstate/schema/schema_model.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/io/printer.h"
#include "google/protobuf/io/zero_copy_stream.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::compiler::GeneratorContext;
using ::google::protobuf::io::Printer;
using ::google::protobuf::io::ZeroCopyOutputStream;

struct Parameters {
  // Full name of the root message, or empty.
  std::string root;
  bool c = false;
};

absl::StatusOr<Parameters> ParseParameters(const FileDescriptor& file,
                                           absl::string_view text) {
  Parameters parameters;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    if (absl::ConsumePrefix(&part, "root=")) {
      parameters.root = std::string(part);
    } else if (part == "lang=c" || part == "lang=cpp") {
      parameters.c = part == "lang=c";
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          file.name(), ":1:1: ", file.package(), ": unknown parameter \"", part,
          "\": expected root=FULL.NAME, lang=c, lang=cpp or nothing"));
    }
  }
  return parameters;
}

absl::StatusOr<const Descriptor*> FindRoot(const FileDescriptor& file,
                                           const std::string& name) {
  if (!name.empty()) {
    const Descriptor* root = file.pool()->FindMessageTypeByName(name);
    if (root == nullptr || root->file() != &file) {
      return absl::InvalidArgumentError(absl::StrCat(
          file.name(), ":1:1: ", name,
          ": the file has no such message: give the root's full name, package "
          "included"));
    }
    return root;
  }
  const Descriptor* root = nullptr;
  for (int i = 0; i < file.message_type_count(); ++i) {
    const Descriptor& message = *file.message_type(i);
    if (message.options().GetExtension(devstate::message).schema().empty()) {
      continue;
    }
    if (root != nullptr) {
      return SchemaError(
          message,
          absl::StrCat("has a schema annotation, as ", root->full_name(),
                       " has: choose one with the parameter "
                       "root=FULL.NAME"));
    }
    root = &message;
  }
  if (root == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name(), ":1:1: ", file.package(),
                     ": no message has a schema annotation: write option "
                     "(devstate.message) = { schema: \"…\" version: 1 }; into "
                     "the root message"));
  }
  return root;
}

absl::Status GenerateFor(const FileDescriptor& file,
                         const std::string& parameter,
                         GeneratorContext& context) {
  DS_ASSIGN_OR_RETURN(const Parameters parameters,
                      ParseParameters(file, parameter));
  DS_ASSIGN_OR_RETURN(const Descriptor* root, FindRoot(file, parameters.root));
  const SchemaModel model = BuildSchemaModel(*root);
  DS_RETURN_IF_ERROR(CheckSchema(model));
  const std::string base = WithoutProtoSuffix(file.name());
  const auto print = [&](const std::string& name,
                         void (*print_file)(const SchemaModel&, Printer&)) {
    const std::unique_ptr<ZeroCopyOutputStream> out(context.Open(name));
    Printer printer(out.get(), '$');
    print_file(model, printer);
  };
  if (parameters.c) {
    DS_RETURN_IF_ERROR(CheckCNames(model));
    print(base + ".devstate-c.h", &PrintCHeader);
    print(base + ".devstate-c.c", &PrintCSource);
    return absl::OkStatus();
  }
  print(base + ".devstate.h", &PrintHeader);
  print(base + ".devstate.cc", &PrintSource);
  print(base + "_columns.proto", &PrintColumnsProto);
  return absl::OkStatus();
}

}  // namespace

bool Generator::Generate(const FileDescriptor* file,
                         const std::string& parameter,
                         GeneratorContext* context, std::string* error) const {
  const absl::Status status = GenerateFor(*file, parameter, *context);
  *error = std::string(status.message());
  return status.ok();
}

}  // namespace devstate
