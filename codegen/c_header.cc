// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The header of generated C: structs, enums and typed faces of the library's
// functions. It includes nothing but headers of C and devstate/devstate.h.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "devstate/codegen/c_code.h"
#include "devstate/codegen/c_names.h"
#include "devstate/codegen/cpp_names.h"

namespace devstate {
namespace {

using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::OneofDescriptor;
using ::google::protobuf::io::Printer;
using Variables = std::map<std::string, std::string>;

// What a schema says before a declaration, line by line.
template <typename Declaration>
std::vector<std::string> CommentOf(const Declaration& declaration) {
  std::vector<std::string> lines;
  google::protobuf::SourceLocation location;
  if (!declaration.GetSourceLocation(&location)) return lines;
  for (absl::string_view line : absl::StrSplit(
           absl::StripAsciiWhitespace(location.leading_comments), '\n')) {
    line = absl::StripTrailingAsciiWhitespace(line);
    if (!line.empty() && line[0] == ' ') line.remove_prefix(1);
    lines.push_back(absl::StrReplaceAll(line, {{"*/", "* /"}, {"/*", "/ *"}}));
  }
  if (lines.size() == 1 && lines[0].empty()) lines.clear();
  return lines;
}

void PrintComment(const std::vector<std::string>& lines, Printer& printer) {
  for (size_t i = 0; i < lines.size(); ++i) {
    printer.Print("$start$$line$$end$\n", "start", i == 0 ? "/* " : " * ",
                  "line", lines[i], "end", i + 1 == lines.size() ? " */" : "");
  }
}

// What one value of the field is in a struct.
std::string CType(const FieldModel& field) {
  switch (field.descriptor->cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return "int32_t";
    case FieldDescriptor::CPPTYPE_STRING:
      return "devstate_bytes";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return CName(field.descriptor->message_type()->full_name());
    default:
      return ValueType(field);
  }
}

// What the schema says of the field, its annotations included.
std::vector<std::string> CommentOf(const FieldModel& field) {
  std::vector<std::string> lines = CommentOf(*field.descriptor);
  for (const ColumnBounds& bounds : field.bounds) {
    lines.push_back(absl::StrCat(
        bounds.column == ColumnBounds::Column::kNumbers  ? "Allowed: "
        : bounds.column == ColumnBounds::Column::kCounts ? "Occurrences: "
                                                         : "Length: ",
        absl::StrReplaceAll(bounds.allowed, {{"*/", "* /"}}), "."));
  }
  if (field.enumeration != nullptr) {
    lines.push_back(absl::StrCat("Of ", field.enumeration->full_name, "."));
  }
  return lines;
}

void PrintMember(const FieldModel& field, Printer& printer) {
  PrintComment(CommentOf(field), printer);
  const bool repeated = field.cardinality() == Cardinality::kRepeated;
  printer.Print(repeated ? "struct {\n"
                           "  const $type$ *data;\n"
                           "  size_t count;\n"
                           "} $name$;\n"
                         : "$type$ $name$;\n",
                "type", CType(field), "name", CMember(*field.descriptor));
}

void PrintOneof(const OneofDescriptor& oneof,
                const std::vector<const FieldModel*>& fields,
                Printer& printer) {
  printer.Print("/* $type$_… */\nint32_t $name$;\nunion {\n", "type",
                CUpperName(oneof.full_name()), "name", CSelector(oneof));
  printer.Indent();
  for (const FieldModel* field : fields) {
    if (OneofOf(*field) == &oneof) PrintMember(*field, printer);
  }
  printer.Outdent();
  printer.Print("} $name$;\n", "name", CMember(oneof));
}

void PrintSelectorValues(const MessageModel& type, Printer& printer) {
  for (int i = 0; i < type.descriptor->real_oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *type.descriptor->oneof_decl(i);
    printer.Print(
        "/* Which member of $oneof$ is set: its field's number. */\n"
        "enum {\n"
        "  $none$ = 0",
        "oneof", oneof.full_name(), "none", CSelectorValue(oneof, "NOT_SET"));
    for (int j = 0; j < oneof.field_count(); ++j) {
      printer.Print(",\n  $name$ = $number$", "name",
                    CSelectorValue(oneof, oneof.field(j)->name()), "number",
                    absl::StrCat(oneof.field(j)->number()));
    }
    printer.Print("\n};\n\n");
  }
}

void PrintStruct(const SchemaModel& model, const MessageModel& type,
                 Printer& printer) {
  PrintSelectorValues(type, printer);
  std::vector<std::string> comment = {type.full_name + "."};
  if (&type == model.root) comment[0] += " Without its records.";
  for (const std::string& line : CommentOf(*type.descriptor)) {
    comment.push_back(line);
  }
  PrintComment(comment, printer);
  const std::string name = CName(type.full_name);
  printer.Print("typedef struct $name$ {\n", "name", name);
  printer.Indent();
  const std::vector<const FieldModel*> fields = CFields(model, type);
  std::set<const OneofDescriptor*> oneofs;
  for (const FieldModel* field : fields) {
    const OneofDescriptor* oneof = OneofOf(*field);
    if (oneof == nullptr) {
      PrintMember(*field, printer);
    } else if (oneofs.insert(oneof).second) {
      PrintOneof(*oneof, fields, printer);
    }
  }
  // Together, because each alone would cost as much as a number.
  for (const FieldModel* field : fields) {
    if (OneofOf(*field) != nullptr ||
        field->cardinality() != Cardinality::kOptional) {
      continue;
    }
    printer.Print("bool $name$;\n", "name", CPresence(*field->descriptor));
  }
  if (fields.empty()) {
    printer.Print("/* C has no struct of nothing. */\nchar unused;\n");
  }
  printer.Outdent();
  printer.Print("} $name$;\n\n", "name", name);
}

void PrintEnum(const EnumDescriptor& type, Printer& printer) {
  std::vector<std::string> comment = {
      absl::StrCat(type.full_name(), ", in structs an int32_t.")};
  for (const std::string& line : CommentOf(type)) comment.push_back(line);
  PrintComment(comment, printer);
  printer.Print("enum {\n");
  printer.Indent();
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    PrintComment(CommentOf(value), printer);
    printer.Print("$name$ = $number$$comma$\n", "name", CEnumerator(value),
                  "number", CInt32(value.number()), "comma",
                  i + 1 == type.value_count() ? "" : ",");
  }
  printer.Outdent();
  printer.Print("};\n\n");
}

void PrintRecordNumbers(const SchemaModel& model, Printer& printer) {
  if (model.batches.empty()) return;
  printer.Print(
      "/* The fields of records, in devstate_batch.number. */\nenum {");
  const char* separator = "\n";
  for (const FieldModel* batch : model.batches) {
    printer.Print("$separator$  $name$ = $number$", "separator", separator,
                  "name", CUpperName(batch->descriptor->full_name()), "number",
                  absl::StrCat(batch->number));
    separator = ",\n";
  }
  printer.Print("\n};\n\n");
}

void PrintFaces(const SchemaModel& model, Printer& printer) {
  const std::string root = CName(model.root->full_name);
  printer.Print(
      "/* For devstate_writer_open(), _reader_open() and _engine_new(). */\n"
      "extern const devstate_schema $root$_schema;\n"
      "\n"
      "/* devstate_writer_begin(). */\n"
      "static inline int $root$_begin(devstate_writer *writer,\n"
      "    const $root$ *root) {\n"
      "  return devstate_writer_begin(writer, root);\n"
      "}\n"
      "/* The root, if `batch` is it, or NULL. */\n"
      "static inline const $root$ *$root$_get(\n"
      "    const devstate_batch *batch) {\n"
      "  return batch->number == 0 ? (const $root$ *)batch->rows : NULL;\n"
      "}\n\n",
      "root", root);
  for (const FieldModel* batch : model.batches) {
    const Variables variables = {
        {"root", root},
        {"field", absl::AsciiStrToLower(batch->name)},
        {"type", CType(*batch)},
        {"number", CUpperName(batch->descriptor->full_name())}};
    PrintComment(CommentOf(*batch->descriptor), printer);
    printer.Print(
        variables,
        "static inline int $root$_add_$field$(devstate_writer *writer,\n"
        "    const $type$ *rows, size_t count) {\n"
        "  return devstate_writer_add(writer, $number$, rows, count,\n"
        "                             sizeof *rows);\n"
        "}\n"
        "/* batch->count of them, if `batch` has such, or NULL. */\n"
        "static inline const $type$ *$root$_get_$field$(\n"
        "    const devstate_batch *batch) {\n"
        "  return batch->number == $number$ ?\n"
        "             (const $type$ *)batch->rows : NULL;\n"
        "}\n\n");
  }
}

}  // namespace

void PrintCHeader(const SchemaModel& model, Printer& printer) {
  const std::string file(model.root->descriptor->file()->name());
  const std::string guard = HeaderGuard(file, "_DEVSTATE_C_H_");
  printer.Print(
      "/* Generated by protoc-gen-devstate from $file$. Do not edit.\n"
      " *\n"
      " * Plain structs: strings, bytes and arrays in them are borrowed, and "
      "a\n"
      " * struct of zeros is a message in which nothing is set. */\n"
      "#ifndef $guard$\n"
      "#define $guard$\n"
      "\n"
      "#include <stdbool.h>\n"
      "#include <stddef.h>\n"
      "#include <stdint.h>\n"
      "\n"
      "#include \"devstate/devstate.h\"\n"
      "\n"
      "#ifdef __cplusplus\n"
      "extern \"C\" {\n"
      "#endif\n"
      "\n",
      "file", file, "guard", guard);
  const CTypes types = CTypesOf(model);
  for (const EnumModel* type : types.enums) {
    PrintEnum(*type->descriptor, printer);
  }
  for (const MessageModel* type : types.messages) {
    PrintStruct(model, *type, printer);
  }
  PrintRecordNumbers(model, printer);
  PrintFaces(model, printer);
  printer.Print(
      "#ifdef __cplusplus\n"
      "}\n"
      "#endif\n"
      "\n"
      "#endif /* $guard$ */\n",
      "guard", guard);
}

}  // namespace devstate
