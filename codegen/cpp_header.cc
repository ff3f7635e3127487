// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The header of generated C++: row structs and a thin typed face. What need not
// be inlined into an author's code is in cpp_source.cc, which is compiled once.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "devstate/codegen/cpp_code.h"
#include "devstate/codegen/cpp_names.h"
#include "devstate/codegen/cpp_table.h"
#include "devstate/schema/pieces.h"
#include "devstate/schema/record_key.h"
#include "devstate/schema/record_names.h"
#include "devstate/schema/record_size.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::OneofDescriptor;
using ::google::protobuf::io::Printer;
using Variables = std::map<std::string, std::string>;

// Which members of a row are at most one, as a comment each.
std::vector<std::string> OneofComments(const Descriptor& message) {
  std::vector<std::string> comments;
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *message.oneof_decl(i);
    std::vector<std::string> members;
    for (int j = 0; j < oneof.field_count(); ++j) {
      members.push_back(MemberName(*oneof.field(j)));
    }
    comments.push_back(
        absl::StrCat("At most one of: ", absl::StrJoin(members, ", "), "."));
  }
  return comments;
}

// `text`, a comment, in lines that are not longer than need be.
std::string Wrap(const std::string& text) {
  std::string result;
  size_t column = 3;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (column > 3 && column + word.size() > 80) {
      result += "\n// ";
      column = 3;
    } else if (column > 3) {
      result += " ";
    }
    absl::StrAppend(&result, word);
    column += word.size() + 1;
  }
  return result;
}

void PrintRow(const MessageModel& type, Printer& printer) {
  printer.Print(
      "// $message$ as a borrowed row: strings,\n"
      "// bytes and repeated fields belong to somebody else.\n",
      "message", type.full_name);
  for (const std::string& comment : OneofComments(*type.descriptor)) {
    printer.Print("// $comment$\n", "comment", Wrap(comment));
  }
  printer.Print("struct $name$Row {\n", "name", type.record_name);
  printer.Indent();
  for (const FieldModel& field : type.fields) {
    const bool number = field.cardinality() == Cardinality::kOne &&
                        ValueType(field) != "absl::string_view";
    PrintBoundsComments(field, printer);
    printer.Print("$type$ $name$$init$;\n", "type", MemberType(field), "name",
                  MemberName(*field.descriptor), "init", number ? "{}" : "");
  }
  std::vector<std::string> members;
  for (const FieldModel& field : type.fields) {
    members.push_back(absl::StrCat("&", type.record_name,
                                   "Row::", MemberName(*field.descriptor)));
  }
  if (!members.empty()) printer.Print("\n");
  printer.Print(
      "// For the codec.\n"
      "using Members = ::devstate::RowMembers<$members$>;\n"
      "static constexpr size_t kRecordSize = $size$;\n"
      "static const ::devstate::RecordTable& Table();\n",
      "members", absl::StrJoin(members, ",\n      "), "size",
      absl::StrCat(RecordSize(type)));
  printer.Outdent();
  printer.Print("};\n\n");
}

// The method that writes a value in pieces.
void PrintPieceWriter(const SchemaModel& model, const PiecesInfo& info,
                      Printer& printer) {
  const FieldModel& batch =
      *model.root->FindNumber(static_cast<int>(info.field));
  const std::vector<FieldModel>& fields = batch.message->fields;
  printer.Print(
      "  // Writes the value of an owner, of $of$, in pieces.\n"
      "  // The writer must outlive what is returned.\n"
      "  ::devstate::PieceWriter Write$field$Of($owner_type$ owner) {\n"
      "    return ::devstate::PieceWriter($bytes$,\n"
      "        [this, owner](uint64_t offset, absl::string_view data) {\n"
      "          $row$Row row;\n"
      "          row.$owner$ = owner;\n"
      "          row.$offset$ = static_cast<$offset_type$>(offset);\n"
      "          row.$data$ = data;\n"
      "          return Add$field$(row);\n"
      "        },\n"
      "        [this](bool lasting) {\n"
      "          $name$_columns_.SetColumnLasting($index$, lasting);\n"
      "        });\n"
      "  }\n",
      "of", std::string(info.owners_name), "field", CamelCase(batch.name),
      "owner_type", ValueType(fields[info.owner]), "bytes",
      absl::StrCat(fields[info.data].annotations.max_len()), "row",
      batch.message->record_name, "owner",
      MemberName(*fields[info.owner].descriptor), "offset",
      MemberName(*fields[info.offset].descriptor), "offset_type",
      ValueType(fields[info.offset]), "data",
      MemberName(*fields[info.data].descriptor), "name", batch.name, "index",
      absl::StrCat(info.data));
}

// The size of the deletion of `row`, as an expression.
std::string DeletionSize(const MessageModel& record,
                         const std::vector<uint16_t>& key) {
  std::string size = absl::StrCat(record.record_name, "Row::kRecordSize");
  for (const uint16_t part : key) {
    const FieldModel& field = record.fields[part];
    if (ValueType(field) != "absl::string_view") continue;
    absl::StrAppend(&size, " +\n                            row.",
                    MemberName(*field.descriptor), ".size()");
  }
  return size;
}

void PrintRootWriter(const SchemaModel& model, const Variables& variables,
                     Printer& printer) {
  printer.Print(
      variables,
      "// Writes one $root$: Begin(), the records in\n"
      "// ascending order of field, Finish(). Not thread-safe.\n"
      "class $name$Writer final : public ::devstate::RecordWriter {\n"
      " public:\n"
      "  // `sink` must outlive the writer.\n"
      "  explicit $name$Writer(\n"
      "      ::devstate::ByteSink* sink,\n"
      "      const ::devstate::WriterOptions& options = {});\n"
      "  ~$name$Writer();\n"
      "\n"
      "  // Header and singular fields. `root` must not hold records.\n"
      "  absl::Status Begin(const $message$& root);\n"
      "  // The same for the next round of a state in rounds.\n"
      "  absl::Status BeginRound(const $message$& root);\n"
      "\n");
  for (const FieldModel* batch : model.batches) {
    printer.Print(
        "  ABSL_ATTRIBUTE_ALWAYS_INLINE absl::Status Add$field$(\n"
        "      const $row$Row& row) {\n"
        "    return AddRecord($number$, \"$name$\", $name$_columns_, row,\n"
        "                     ::devstate::RowSize(row));\n"
        "  }\n",
        "field", CamelCase(batch->name), "row", batch->message->record_name,
        "number", absl::StrCat(batch->number), "name", batch->name);
  }
  // The fields that rounds cannot change, since a value in pieces comes whole.
  std::set<uint32_t> whole;
  for (const PiecesInfo& info : PiecesOf(model)) {
    PrintPieceWriter(model, info, printer);
    whole.insert({info.field, info.owners_field});
  }
  printer.Print("\n");
  for (const FieldModel* batch : model.batches) {
    const std::vector<uint16_t> key = RecordKey(*batch);
    if (key.empty() || whole.count(batch->number) > 0) continue;
    printer.Print(
        "  // In a round after the first: of `row` the key alone counts.\n"
        "  absl::Status Delete$field$(const $row$Row& row) {\n"
        "    return DeleteRecord($number$, \"$name$\", $name$_columns_, row,\n"
        "                        $size$);\n"
        "  }\n",
        "field", CamelCase(batch->name), "row", batch->message->record_name,
        "number", absl::StrCat(batch->number), "name", batch->name, "size",
        DeletionSize(*batch->message, key));
  }
  printer.Print(
      "\n"
      "  // Without it, every reader refuses the stream.\n"
      "  absl::Status Finish() { return FinishState(); }\n"
      "\n"
      " private:\n"
      "  absl::Span<const uint16_t> KeyOf(uint32_t field) const override;\n"
      "\n");
  for (const FieldModel* batch : model.batches) {
    printer.Print("  ::devstate::RowBuilder<$type$Row> $name$_columns_;\n",
                  "type", batch->message->record_name, "name", batch->name);
  }
  printer.Print("};\n\n");
}

void PrintCodec(const Variables& variables, Printer& printer) {
  printer.Print(variables,
                "// All of the above by the same names for every schema, for "
                "templates.\n"
                "struct $name$Codec {\n"
                "  using Root = $message$;\n"
                "  using Writer = $name$Writer;\n"
                "  using Visitor = $name$Visitor;\n"
                "  using Reader = $name$Reader;\n"
                "  static const ::devstate::SchemaInfo& Schema() { return "
                "$name$Schema(); }\n"
                "};\n\n");
}

void PrintRootReader(const SchemaModel& model, const Variables& variables,
                     Printer& printer) {
  for (const FieldModel* batch : model.batches) {
    printer.Print("using $field$Batch = ::devstate::RecordBatch<$type$Row>;\n",
                  "field", CamelCase(batch->name), "type",
                  batch->message->record_name);
  }
  printer.Print(variables,
                "\n"
                "// Gets one $root$ piece by piece, as it\n"
                "// arrives: stage it, and apply nothing before Read() has "
                "returned OK. An error\n"
                "// from a method ends the read and is returned.\n"
                "class $name$Visitor {\n"
                " public:\n"
                "  virtual ~$name$Visitor() = default;\n"
                "\n"
                "  virtual absl::Status OnRoot(const $message$& root) = 0;\n");
  for (const FieldModel* batch : model.batches) {
    printer.Print(
        "  virtual absl::Status On$field$($field$Batch& batch) = 0;\n", "field",
        CamelCase(batch->name));
  }
  printer.Print(variables,
                "};\n"
                "\n"
                "// Reads one $root$. Not thread-safe.\n"
                "class $name$Reader final : public ::devstate::RecordReader {\n"
                " public:\n"
                "  // `source` must outlive the reader.\n"
                "  explicit $name$Reader(\n"
                "      ::devstate::ByteSource* source,\n"
                "      const ::devstate::Limits& limits = {});\n"
                "  ~$name$Reader();\n"
                "\n"
                "  // Header, all records, trailer; once. OK only if the "
                "stream is complete and\n"
                "  // nothing of it was damaged.\n"
                "  absl::Status Read($name$Visitor& visitor);\n"
                "\n"
                " private:\n"
                "  absl::Status HandleRoot(const ::devstate::Chunk& chunk) "
                "override;\n"
                "  absl::Status HandleBatch(const ::devstate::Chunk& chunk) "
                "override;\n"
                "  std::unique_ptr<::devstate::MergeCodec> MakeMergeCodec(\n"
                "      uint32_t field) override;\n"
                "\n"
                "  $name$Visitor* visitor_ = nullptr;\n");
  for (const FieldModel* batch : model.batches) {
    printer.Print("  ::devstate::RowReader<$type$Row> $name$_columns_;\n",
                  "type", batch->message->record_name, "name", batch->name);
  }
  printer.Print("};\n\n");
}

}  // namespace

void PrintHeader(const SchemaModel& model, Printer& printer) {
  const std::string base =
      WithoutProtoSuffix(model.root->descriptor->file()->name());
  const std::string guard =
      HeaderGuard(model.root->descriptor->file()->name(), "_DEVSTATE_H_");
  const std::string ns = CppNamespace(*model.root->descriptor->file());
  const Variables variables = {
      {"guard", guard},
      {"base", base},
      {"file", std::string(model.root->descriptor->file()->name())},
      {"root", model.root->full_name},
      {"name", std::string(model.root->descriptor->name())},
      {"message", ProtobufName(*model.root->descriptor)}};
  printer.Print(
      variables,
      "// Generated by protoc-gen-devstate from $file$. Do not edit.\n"
      "\n"
      "#ifndef $guard$\n"
      "#define $guard$\n"
      "\n"
      "#include <cstddef>\n"
      "#include <cstdint>\n"
      "#include <memory>\n"
      "#include <optional>\n"
      "\n"
      "#include \"absl/base/attributes.h\"\n"
      "#include \"absl/status/status.h\"\n"
      "#include \"absl/strings/string_view.h\"\n"
      "#include \"absl/types/span.h\"\n"
      "#include \"$base$.pb.h\"\n"
      "#include \"devstate/schema/schema_info.h\"\n"
      "#include \"devstate/serializer/piece_writer.h\"\n"
      "#include \"devstate/serializer/record_stream.h\"\n"
      "#include \"devstate/serializer/record_table.h\"\n"
      "#include \"devstate/serializer/row_columns.h\"\n"
      "\n");
  if (!ns.empty()) printer.Print("namespace $ns$ {\n\n", "ns", ns);
  printer.Print(variables,
                "// Name, version, fingerprint and descriptors of $root$.\n"
                "const ::devstate::SchemaInfo& $name$Schema();\n"
                "\n");
  for (const MessageModel* type : model.records) PrintRow(*type, printer);
  PrintRootWriter(model, variables, printer);
  PrintRootReader(model, variables, printer);
  PrintCodec(variables, printer);
  if (!ns.empty()) printer.Print("}  // namespace $ns$\n\n", "ns", ns);
  printer.Print(variables, "#endif  // $guard$\n");
}

}  // namespace devstate
