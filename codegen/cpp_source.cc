// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "devstate/codegen/cpp_code.h"
#include "devstate/codegen/cpp_names.h"
#include "devstate/codegen/cpp_table.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/schema/pieces.h"
#include "devstate/schema/record_names.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {
namespace {

using ::google::protobuf::io::Printer;
using Variables = std::map<std::string, std::string>;

void PrintRootMethods(const SchemaModel& model, const Variables& variables,
                      Printer& printer) {
  // Not in the header: an author's sources would compile all of the columns.
  printer.Print(variables,
                "$name$Writer::$name$Writer(::devstate::ByteSink* sink,\n"
                "    const ::devstate::WriterOptions& options)\n"
                "    : RecordWriter(sink, $name$Schema(), options) {}\n"
                "\n"
                "$name$Writer::~$name$Writer() = default;\n"
                "\n"
                "absl::Status $name$Writer::Begin(const $message$& root) {\n"
                "  return BeginState(root);\n"
                "}\n"
                "\n"
                "absl::Status $name$Writer::BeginRound(\n"
                "    const $message$& root) {\n"
                "  return BeginRoundState(root);\n"
                "}\n"
                "\n"
                "absl::Span<const uint16_t> $name$Writer::KeyOf(\n"
                "    uint32_t field) const {\n"
                "  return $name$_KeyOf(field);\n"
                "}\n"
                "\n"
                "$name$Reader::$name$Reader(::devstate::ByteSource* source,\n"
                "    const ::devstate::Limits& limits)\n"
                "    : RecordReader(source, $name$Schema(), limits,\n"
                "                   ::devstate::Rounds::kTake) {}\n"
                "\n"
                "$name$Reader::~$name$Reader() = default;\n"
                "\n"
                "absl::Status $name$Reader::Read($name$Visitor& visitor) {\n"
                "  visitor_ = &visitor;\n"
                "  return ReadState();\n"
                "}\n"
                "\n"
                "absl::Status $name$Reader::HandleRoot(\n"
                "    const ::devstate::Chunk& chunk) {\n"
                "  $message$ root;\n"
                "  DS_RETURN_IF_ERROR(ParseRoot(chunk, root));\n"
                "  return visitor_->OnRoot(root);\n"
                "}\n"
                "\n"
                "absl::Status $name$Reader::HandleBatch(\n"
                "    const ::devstate::Chunk& chunk) {\n"
                "  switch (chunk.header.field) {\n");
  for (const FieldModel* batch : model.batches) {
    printer.Print(
        "    case $number$:\n"
        "      return DecodeBatch(chunk, \"$field$\", $field$_columns_,\n"
        "                         [this]($camel$Batch& batch) {\n"
        "                           return visitor_->On$camel$(batch);\n"
        "                         });\n",
        "number", absl::StrCat(batch->number), "field", batch->name, "camel",
        CamelCase(batch->name));
  }
  printer.Print(
      "    default:\n"
      "      return UnknownBatch(chunk);\n"
      "  }\n"
      "}\n"
      "\n");
  printer.Print(variables,
                "std::unique_ptr<::devstate::MergeCodec>\n"
                "$name$Reader::MakeMergeCodec(uint32_t field) {\n"
                "  switch (field) {\n");
  for (const FieldModel* batch : model.batches) {
    printer.Print(
        "    case $number$:\n"
        "      return std::make_unique<::devstate::RowMergeCodec<$row$Row>>(\n"
        "          \"$field$\", $name$_KeyOf(field));\n",
        "number", absl::StrCat(batch->number), "row",
        batch->message->record_name, "field", batch->name, "name",
        variables.at("name"));
  }
  printer.Print(
      "    default:\n"
      "      return nullptr;\n"
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

// Returns the name of the constants that it prints, or "{}" without any.
std::string PrintPieces(const SchemaModel& model, Printer& printer) {
  const std::vector<PiecesInfo> all = PiecesOf(model);
  if (all.empty()) return "{}";
  printer.Print("  static constexpr ::devstate::PiecesInfo kPieces[] = {\n");
  for (const PiecesInfo& info : all) {
    printer.Print(
        "      {$field$, \"$name$\", $owners_field$, \"$owners_name$\", "
        "$owner$, $offset$, $data$, $id$, $size$, $max_owners$u},\n",
        "field", absl::StrCat(info.field), "name", std::string(info.name),
        "owners_field", absl::StrCat(info.owners_field), "owners_name",
        std::string(info.owners_name), "owner", absl::StrCat(info.owner),
        "offset", absl::StrCat(info.offset), "data", absl::StrCat(info.data),
        "id", absl::StrCat(info.id), "size", absl::StrCat(info.size),
        "max_owners", absl::StrCat(info.max_owners));
  }
  printer.Print("  };\n");
  return "kPieces";
}

void PrintSchema(const SchemaModel& model, const Variables& variables,
                 Printer& printer) {
  const MessageAnnotations& annotations = model.root->annotations;
  const std::string descriptor_set = ZstdFrameOf(
      EmbeddableDescriptorSet(*model.root->descriptor).SerializeAsString());
  printer.Print(variables,
                "const ::devstate::SchemaInfo& $name$Schema() {\n"
                "  static constexpr char kFingerprint[] =\n");
  PrintBytes(model.fingerprint, printer);
  printer.Print(
      "    ;\n"
      "  static constexpr char kDescriptorSet[] =\n");
  PrintBytes(descriptor_set, printer);
  printer.Print("    ;\n");
  const std::string pieces = PrintPieces(model, printer);
  printer.Print(
      "  static const ::devstate::SchemaInfo schema = {\n"
      "      \"$schema$\", $version$, $min_reader$, \"$device$\", \"$root$\",\n"
      "      {kFingerprint, sizeof(kFingerprint) - 1},\n"
      "      {kDescriptorSet, sizeof(kDescriptorSet) - 1},\n"
      "      $pieces$};\n"
      "  return schema;\n"
      "}\n"
      "\n",
      "schema", absl::CEscape(annotations.schema()), "version",
      absl::StrCat(annotations.version()), "min_reader",
      absl::StrCat(annotations.min_reader()), "device",
      absl::CEscape(annotations.device()), "root", model.root->full_name,
      "pieces", pieces);
}

}  // namespace

void PrintSource(const SchemaModel& model, Printer& printer) {
  const std::string ns = CppNamespace(*model.root->descriptor->file());
  const Variables variables = {
      {"base", WithoutProtoSuffix(model.root->descriptor->file()->name())},
      {"file", std::string(model.root->descriptor->file()->name())},
      {"name", std::string(model.root->descriptor->name())},
      {"message", ProtobufName(*model.root->descriptor)}};
  printer.Print(
      variables,
      "// Generated by protoc-gen-devstate from $file$. Do not edit.\n"
      "\n"
      "#include \"$base$.devstate.h\"\n"
      "\n"
      "#include \"devstate/serializer/merge_codec.h\"\n"
      "#include \"devstate/third_party/absl_compat/status_macros.h\"\n"
      "\n");
  if (!ns.empty()) printer.Print("namespace $ns$ {\n\n", "ns", ns);
  PrintSchema(model, variables, printer);
  for (const MessageModel* type : model.records) {
    PrintTable(*type, printer);
  }
  PrintKeys(model, printer);
  PrintRootMethods(model, variables, printer);
  if (!ns.empty()) printer.Print("}  // namespace $ns$\n", "ns", ns);
}

}  // namespace devstate
