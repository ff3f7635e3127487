// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "devstate/codegen/cpp_code.h"
#include "devstate/codegen/cpp_constraints.h"
#include "devstate/codegen/cpp_names.h"
#include "devstate/schema/compress.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/schema/record_names.h"
#include "devstate/schema/record_size.h"

namespace devstate {
namespace {

using ::google::protobuf::OneofDescriptor;
using ::google::protobuf::io::Printer;
using Variables = std::map<std::string, std::string>;

void PrintBuilderMethods(const MessageModel& type, Printer& printer) {
  printer.Print("void $name$ColumnsBuilder::Clear() {\n", "name",
                type.record_name);
  for (const FieldModel& field : type.fields) {
    printer.Print("  $name$_column_.Clear();\n", "name",
                  MemberName(*field.descriptor));
  }
  // Validity stays as it is: an invalid batch is never written, nor what
  // follows.
  printer.Print(
      "  size_ = 0;\n"
      "}\n"
      "\n"
      "absl::Status $name$ColumnsBuilder::Validate(\n"
      "    [[maybe_unused]] ::devstate::RowKind rows) const {\n",
      "name", type.record_name);
  for (int i = 0; i < type.descriptor->real_oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *type.descriptor->oneof_decl(i);
    std::vector<std::string> members;
    for (int j = 0; j < oneof.field_count(); ++j) {
      members.push_back(oneof.field(j)->name());
    }
    printer.Print(
        "  if (!$oneof$_valid_) {\n"
        "    return absl::InvalidArgumentError(\n"
        "        \"$oneof$: set one of $members$ at most\");\n"
        "  }\n",
        "oneof", absl::AsciiStrToLower(oneof.name()), "members",
        absl::StrJoin(members, ", "));
  }
  for (const FieldModel& field : type.fields) {
    printer.Print(
        "  DS_RETURN_IF_ERROR(\n"
        "      ::devstate::$in$(\"$field$\", "
        "$name$_column_.Validate(rows)));\n",
        "in", field.message != nullptr ? "InMessage" : "InField", "field",
        field.name, "name", MemberName(*field.descriptor));
    PrintValidateConstraints(type, field, printer);
  }
  printer.Print(
      "  return absl::OkStatus();\n"
      "}\n"
      "\n"
      "void $name$ColumnsBuilder::Encode(\n"
      "    uint32_t field, ::devstate::MessageWriter& out) {\n"
      "  const auto nested = out.BeginNested(field, size_);\n"
      "  EncodeBody(out);\n"
      "  if (out.IsEmpty(nested)) {\n"
      "    out.DropNested(nested);\n"
      "  } else {\n"
      "    out.EndNested(nested);\n"
      "  }\n"
      "}\n"
      "\n"
      "void $name$ColumnsBuilder::EncodeBody(\n"
      "    [[maybe_unused]] ::devstate::MessageWriter& out) {\n",
      "name", type.record_name);
  for (const FieldModel& field : type.fields) {
    const bool one = field.cardinality() == FieldModel::Cardinality::kOne;
    printer.Print("  $name$_column_.Encode($number$, $rows$out);\n", "name",
                  MemberName(*field.descriptor), "number",
                  absl::StrCat(field.number), "rows", one ? "" : "size_, ");
  }
  printer.Print("}\n\n");
}

void PrintReaderMethods(const MessageModel& type, Printer& printer) {
  printer.Print("void $name$ColumnsReader::SetDefault() {\n", "name",
                type.record_name);
  for (const FieldModel& field : type.fields) {
    printer.Print("  $name$_column_.SetDefault();\n", "name",
                  MemberName(*field.descriptor));
  }
  printer.Print(
      "}\n"
      "\n"
      "absl::Status $name$ColumnsReader::Decode(\n"
      "    absl::string_view columns, [[maybe_unused]] size_t count,\n"
      "    ::devstate::DecodeContext& context) {\n"
      "  SetDefault();\n"
      "  ::devstate::ColumnsWalker walker(columns, context);\n"
      "  while (true) {\n"
      "    DS_ASSIGN_OR_RETURN(const bool more, walker.Next());\n"
      "    if (!more) break;\n"
      "    switch (walker.number()) {\n",
      "name", type.record_name);
  for (const FieldModel& field : type.fields) {
    printer.Print(
        "      case $number$: {\n"
        "        ::devstate::DecodeContext::PathScope scope(context, "
        "\"$field$\");\n"
        "        DS_RETURN_IF_ERROR(\n"
        "            $name$_column_.Decode(walker.bytes(), count, context));\n"
        "        break;\n"
        "      }\n",
        "number", absl::StrCat(field.number), "field", field.name, "name",
        MemberName(*field.descriptor));
  }
  printer.Print(
      "      default:\n"
      "        return walker.UnknownColumn();\n"
      "    }\n"
      "  }\n");
  for (int i = 0; i < type.descriptor->real_oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *type.descriptor->oneof_decl(i);
    std::vector<std::string> members;
    for (int j = 0; j < oneof.field_count(); ++j) {
      members.push_back(absl::StrCat(MemberName(*oneof.field(j)), "_column_"));
    }
    printer.Print(
        "  if (::devstate::AnyRowHasSeveral(count, $members$)) {\n"
        "    return context.Error(::devstate::ERROR_REASON_MALFORMED,\n"
        "                         \"a row has several members of the oneof "
        "$oneof$\");\n"
        "  }\n",
        "members", absl::StrJoin(members, ", "), "oneof", oneof.name());
  }
  for (const FieldModel& field : type.fields) {
    PrintCheckConstraints(type, field, printer);
  }
  printer.Print(
      "  return absl::OkStatus();\n"
      "}\n"
      "\n");
}

void PrintRootMethods(const SchemaModel& model, const Variables& variables,
                      Printer& printer) {
  printer.Print(variables,
                "absl::Status $name$Writer::Begin(const $message$& root) {\n");
  printer.Print(variables,
                "  return BeginState(root);\n"
                "}\n"
                "\n"
                "absl::Status $name$Reader::Read($name$Visitor& visitor) {\n"
                "  visitor_ = &visitor;\n"
                "  return ReadState();\n"
                "}\n"
                "\n"
                "absl::Status $name$Reader::HandleRoot(\n"
                "    const ::devstate::Chunk& chunk) {\n"
                "  $message$ root;\n"
                "  DS_RETURN_IF_ERROR(ParseRoot(chunk, root));\n");
  printer.Print(variables,
                "  return visitor_->OnRoot(root);\n"
                "}\n"
                "\n"
                "absl::Status $name$Reader::HandleBatch(\n"
                "    const ::devstate::Chunk& chunk) {\n"
                "  switch (chunk.header.field) {\n");
  for (const FieldModel* batch : model.batches) {
    printer.Print(
        "    case $number$:\n"
        "      return DecodeBatch(chunk, \"$field$\", $size$, "
        "$field$_columns_,\n"
        "                         [this]($camel$Batch& batch) {\n"
        "                           return visitor_->On$camel$(batch);\n"
        "                         });\n",
        "number", absl::StrCat(batch->number), "field", batch->name, "camel",
        CamelCase(batch->name), "size",
        absl::StrCat(RecordSize(*batch->message)));
  }
  printer.Print(
      "    default:\n"
      "      return UnknownBatch(chunk);\n"
      "  }\n"
      "}\n"
      "\n");
}

// `bytes` as C++ string literals of 20 bytes a line.
void PrintBytes(absl::string_view bytes, Printer& printer) {
  for (size_t i = 0; i < bytes.size(); i += 20) {
    std::string line;
    for (const char c : bytes.substr(i, 20)) {
      absl::StrAppendFormat(&line, "\\x%02x", static_cast<unsigned char>(c));
    }
    printer.Print("    \"$line$\"\n", "line", line);
  }
  if (bytes.empty()) printer.Print("    \"\"\n");
}

void PrintSchema(const SchemaModel& model, const Variables& variables,
                 Printer& printer) {
  const MessageAnnotations& annotations = model.root->annotations;
  const std::string descriptor_set = ZstdCompress(
      EmbeddableDescriptorSet(*model.root->descriptor).SerializeAsString());
  printer.Print(variables,
                "const ::devstate::SchemaInfo& $name$Schema() {\n"
                "  static constexpr char kFingerprint[] =\n");
  PrintBytes(model.fingerprint, printer);
  printer.Print(
      "    ;\n"
      "  static constexpr char kDescriptorSet[] =\n");
  PrintBytes(descriptor_set, printer);
  printer.Print(
      "    ;\n"
      "  static const ::devstate::SchemaInfo schema = {\n"
      "      \"$schema$\", $version$, $min_reader$, \"$device$\", \"$root$\",\n"
      "      {kFingerprint, sizeof(kFingerprint) - 1},\n"
      "      {kDescriptorSet, sizeof(kDescriptorSet) - 1}};\n"
      "  return schema;\n"
      "}\n"
      "\n",
      "schema", absl::CEscape(annotations.schema()), "version",
      absl::StrCat(annotations.version()), "min_reader",
      absl::StrCat(annotations.min_reader()), "device",
      absl::CEscape(annotations.device()), "root", model.root->full_name);
}

}  // namespace

void PrintSource(const SchemaModel& model, Printer& printer) {
  const std::string ns = CppNamespace(*model.root->descriptor->file());
  const Variables variables = {
      {"base", WithoutProtoSuffix(model.root->descriptor->file()->name())},
      {"file", model.root->descriptor->file()->name()},
      {"name", model.root->descriptor->name()},
      {"message", ProtobufName(*model.root->descriptor)}};
  printer.Print(
      variables,
      "// Generated by protoc-gen-devstate from $file$. Do not edit.\n"
      "\n"
      "#include \"$base$.devstate.h\"\n"
      "\n"
      "#include <limits>\n"
      "\n"
      "#include \"devstate/serializer/columns_walker.h\"\n"
      "#include \"devstate/serializer/constraints.h\"\n"
      "#include \"devstate/third_party/absl_compat/status_macros.h\"\n"
      "\n");
  if (!ns.empty()) printer.Print("namespace $ns$ {\n\n", "ns", ns);
  PrintSchema(model, variables, printer);
  for (const MessageModel* type : model.records) {
    PrintConstraints(*type, printer);
    PrintBuilderMethods(*type, printer);
    PrintReaderMethods(*type, printer);
  }
  PrintRootMethods(model, variables, printer);
  if (!ns.empty()) printer.Print("}  // namespace $ns$\n", "ns", ns);
}

}  // namespace devstate
