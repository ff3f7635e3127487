// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The source of generated C: constant tables without code, so that a schema
// costs nothing before it is used. Arrays are printed before the entries that
// point to them.

#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "devstate/codegen/bounds_image.h"
#include "devstate/codegen/c_code.h"
#include "devstate/codegen/c_names.h"
#include "devstate/codegen/cpp_names.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/schema/pieces.h"
#include "devstate/schema/record_size.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::OneofDescriptor;
using ::google::protobuf::io::Printer;
using Variables = std::map<std::string, std::string>;
using Column = ColumnBounds::Column;

const char* TypeName(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return "INT32";
    case FieldDescriptor::CPPTYPE_INT64:
      return "INT64";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "UINT32";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "UINT64";
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "FLOAT";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "DOUBLE";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "BOOL";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "ENUM";
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_STRING ? "STRING" : "BYTES";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "MESSAGE";
}

const char* CardinalityName(const FieldModel& field) {
  switch (field.presence) {
    case Presence::kImplicit:
      return "ONE";
    case Presence::kExplicit:
      return OneofOf(field) != nullptr ? "ONEOF" : "OPTIONAL";
    case Presence::kRepeated:
      return "REPEATED";
    case Presence::kMap:
      break;
  }
  return "MAP";
}

const char* EncodingName(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64:
      return "ZIGZAG";
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED32:
    case FieldDescriptor::TYPE_SFIXED64:
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_DOUBLE:
      return "FIXED";
    default:
      return "VARINT";
  }
}

// Returns `flags` as one expression of C.
std::string AnyOf(const std::vector<std::string>& flags) {
  return flags.empty() ? "0" : absl::StrJoin(flags, " | ");
}

std::string FlagsOf(const FieldModel& field) {
  const FieldAnnotations& annotations = field.annotations;
  std::vector<std::string> flags;
  if (field.descriptor->is_packed()) flags.push_back("DEVSTATE_PACKED");
  if (!annotations.unique_by().empty() ||
      (annotations.required() && !annotations.feature().empty())) {
    flags.push_back("DEVSTATE_MORE_RULES");
  }
  return AnyOf(flags);
}

std::string FeatureLiteral(const FieldModel& field) {
  const std::string& feature = field.annotations.feature();
  return feature.empty() ? "NULL"
                         : absl::StrCat("\"", absl::CEscape(feature), "\"");
}

const char* ColumnName(Column column) {
  switch (column) {
    case Column::kCounts:
      return "COUNTS";
    case Column::kLengths:
      return "LENGTHS";
    case Column::kNumbers:
      break;
  }
  return "NUMBERS";
}

std::string Flags(const ColumnBounds& bounds) {
  std::vector<std::string> flags;
  if (bounds.bounded) flags.push_back("DEVSTATE_BOUNDED");
  if (bounds.not_zero) flags.push_back("DEVSTATE_NOT_ZERO");
  if (bounds.values.power_of_two) flags.push_back("DEVSTATE_POWER_OF_TWO");
  if (bounds.may_be_unused) flags.push_back("DEVSTATE_MAY_BE_UNUSED");
  if (bounds.required) flags.push_back("DEVSTATE_REQUIRED");
  if (bounds.sensitive) flags.push_back("DEVSTATE_SENSITIVE");
  return AnyOf(flags);
}

// What is static in the file: of a message, or of a field by its number.
std::string Static(absl::string_view what, const MessageModel& type) {
  return absl::StrCat("k_", what, "_of_", CName(type.full_name));
}
std::string Static(absl::string_view what, const MessageModel& type,
                   const FieldModel& field) {
  return absl::StrCat(Static(what, type), "_", field.number);
}

// Prints the constants of a field, and returns their name or "NULL".
std::string PrintBounds(const MessageModel& type, const FieldModel& field,
                        Printer& printer) {
  if (field.bounds.empty()) return "NULL";
  std::string entries;
  for (size_t i = 0; i < field.bounds.size(); ++i) {
    const ColumnBounds& bounds = field.bounds[i];
    std::string list = "NULL";
    size_t list_size = 0;
    if (bounds.values.values.has_value()) {
      list = Static(absl::StrCat("list", i), type, field);
      list_size = bounds.values.values->size();
      printer.Print("static const uint64_t $name$[] = {$values$};\n", "name",
                    list, "values", ListLiteral(bounds));
    }
    absl::StrAppend(&entries, "    {\"", absl::CEscape(bounds.allowed),
                    "\", \"", absl::CEscape(bounds.unit), "\", ",
                    ImageLiteral(LowImage(field, bounds)), ", ",
                    ImageLiteral(HighImage(field, bounds)), ", ", list, ", ",
                    list_size, ", ", bounds.since, ",\n     DEVSTATE_",
                    ColumnName(bounds.column), ", ", Flags(bounds), "},\n");
  }
  const std::string name = Static("bounds", type, field);
  printer.Print("static const devstate_bounds $name$[] = {\n", "name", name);
  printer.PrintRaw(entries);
  printer.Print("};\n");
  return name;
}

std::string PrintEnumValues(const MessageModel& type, const FieldModel& field,
                            Printer& printer) {
  if (field.enumeration == nullptr) return "NULL";
  const std::string name = Static("values", type, field);
  printer.Print("static const int32_t $name$[] = {$numbers$};\n", "name", name,
                "numbers",
                absl::StrJoin(NumbersOf(*field.enumeration), ", ",
                              [](std::string* out, int32_t number) {
                                absl::StrAppend(out, CInt32(number));
                              }));
  return name;
}

// Where the field lies in the struct `type`, and what says that it is there.
std::pair<std::string, std::string> Offsets(const MessageModel& type,
                                            const FieldModel& field) {
  const auto offset = [&](const std::string& member) {
    return absl::StrCat("offsetof(", CName(type.full_name), ", ", member, ")");
  };
  const std::string member = CMember(*field.descriptor);
  if (const OneofDescriptor* oneof = OneofOf(field)) {
    return {offset(absl::StrCat(CMember(*oneof), ".", member)),
            offset(CSelector(*oneof))};
  }
  return {offset(member), field.cardinality() == Cardinality::kOptional
                              ? offset(CPresence(*field.descriptor))
                              : "0"};
}

// Returns the entry of a field, after the constants that it needs.
std::string FieldEntryOf(const MessageModel& type, const FieldModel& field,
                         bool record, Printer& printer) {
  const std::string values = PrintEnumValues(type, field, printer);
  const std::string bounds = PrintBounds(type, field, printer);
  // Records lie in no struct.
  const auto [offset, presence] =
      record ? std::make_pair(std::string("0"), std::string("0"))
             : Offsets(type, field);
  return absl::StrCat(
      "    {\"", field.name, "\", ", field.number, ", DEVSTATE_TYPE_",
      TypeName(*field.descriptor), ", DEVSTATE_", CardinalityName(field),
      ",\n     ", offset, ",\n     ", presence, ", ",
      field.cardinality() == Cardinality::kRepeated ? ValueSize(field) : 0,
      ", ", field.bounds.size(), ", ",
      field.enumeration == nullptr ? 0 : NumbersOf(*field.enumeration).size(),
      ",\n     ", bounds, ", ", values, ", ",
      field.message == nullptr ? "NULL" : "&" + Static("table", *field.message),
      ",\n     ", FeatureLiteral(field), ", DEVSTATE_",
      EncodingName(*field.descriptor), ", ", FlagsOf(field), "},\n");
}

std::string PrintArray(absl::string_view type, const std::string& name,
                       const std::string& entries, Printer& printer) {
  if (entries.empty()) return "NULL";
  printer.Print("static const $type$ $name$[] = {\n", "type", std::string(type),
                "name", name);
  printer.PrintRaw(entries);
  printer.Print("};\n");
  return name;
}

std::string PrintOneofs(const MessageModel& type,
                        const std::vector<const FieldModel*>& fields,
                        Printer& printer) {
  std::string entries;
  for (size_t i = 0; i < type.oneofs.size(); ++i) {
    const OneofModel& oneof = type.oneofs[i];
    // A root's struct is without its records, so places differ from the
    // model's.
    std::vector<size_t> members;
    for (size_t j = 0; j < fields.size(); ++j) {
      if (fields[j]->oneof == oneof.name) members.push_back(j);
    }
    const std::string name = Static(absl::StrCat("members", i), type);
    printer.Print("static const uint32_t $name$[] = {$members$};\n", "name",
                  name, "members", absl::StrJoin(members, ", "));
    absl::StrAppend(
        &entries, "    {\"", oneof.name, "\", \"", oneof.member_names, "\", ",
        name, ", ", members.size(), ",\n     offsetof(", CName(type.full_name),
        ", ", CSelector(*type.descriptor->oneof_decl(static_cast<int>(i))),
        ")},\n");
  }
  return PrintArray("devstate_oneof", Static("oneofs", type), entries, printer);
}

void PrintTable(const SchemaModel& model, const MessageModel& type,
                Printer& printer) {
  const std::vector<const FieldModel*> fields = CFields(model, type);
  std::string entries;
  for (const FieldModel* field : fields) {
    absl::StrAppend(&entries, FieldEntryOf(type, *field, false, printer));
  }
  const std::string fields_name =
      PrintArray("devstate_field", Static("fields", type), entries, printer);
  const std::string oneofs_name = PrintOneofs(type, fields, printer);
  const Variables variables = {
      {"name", Static("table", type)},
      {"type", CName(type.full_name)},
      // Of the root, which is no record, it would count the records.
      {"size", absl::StrCat(&type == model.root ? 0 : RecordSize(type))},
      {"field_count", absl::StrCat(fields.size())},
      {"oneof_count", absl::StrCat(type.oneofs.size())},
      {"fields", fields_name},
      {"oneofs", oneofs_name}};
  printer.Print(variables,
                "static const devstate_table $name$ = {\n"
                "    sizeof($type$), $size$, $field_count$, $oneof_count$,\n"
                "    $fields$, $oneofs$};\n"
                "\n");
}

std::string PrintRecords(const SchemaModel& model, Printer& printer) {
  std::string entries;
  for (const FieldModel* batch : model.batches) {
    absl::StrAppend(&entries, FieldEntryOf(*model.root, *batch, true, printer));
  }
  return PrintArray("devstate_field", Static("records", *model.root), entries,
                    printer);
}

std::string PrintPieces(const SchemaModel& model, Printer& printer) {
  std::string entries;
  for (const PiecesInfo& info : PiecesOf(model)) {
    absl::StrAppend(&entries, "    {\"", info.name, "\", \"", info.owners_name,
                    "\", ", info.max_owners, "u, ", info.field, ", ",
                    info.owners_field, ", ", info.owner, ", ", info.offset,
                    ", ", info.data, ", ", info.id, ", ", info.size, "},\n");
  }
  return PrintArray("devstate_pieces", Static("pieces", *model.root), entries,
                    printer);
}

std::string PrintByteArray(const std::string& name, absl::string_view bytes,
                           Printer& printer) {
  printer.Print("static const uint8_t $name$[] = {", "name", name);
  for (size_t i = 0; i < bytes.size(); ++i) {
    printer.PrintRaw(absl::StrCat(
        i % 16 == 0 ? "\n    " : " ",
        absl::StrFormat("0x%02x,", static_cast<unsigned char>(bytes[i]))));
  }
  printer.Print("\n};\n");
  return name;
}

void PrintSchema(const SchemaModel& model, Printer& printer) {
  const MessageAnnotations& annotations = model.root->annotations;
  const std::string records = PrintRecords(model, printer);
  const Variables variables = {
      {"name", CName(model.root->full_name)},
      {"version", absl::StrCat(annotations.version())},
      {"min_reader", absl::StrCat(annotations.min_reader())},
      {"record_count", absl::StrCat(model.batches.size())},
      {"schema", absl::CEscape(annotations.schema())},
      {"device", absl::CEscape(annotations.device())},
      {"root", model.root->full_name},
      {"fingerprint", PrintByteArray(Static("fingerprint", *model.root),
                                     model.fingerprint, printer)},
      {"descriptors", PrintByteArray(Static("descriptors", *model.root),
                                     ZstdFrameOf(EmbeddableDescriptorSet(
                                                     *model.root->descriptor)
                                                     .SerializeAsString()),
                                     printer)},
      {"table", Static("table", *model.root)},
      {"records", records},
      {"piece_count", absl::StrCat(PiecesOf(model).size())},
      {"pieces", PrintPieces(model, printer)}};
  printer.Print(variables,
                "\n"
                "const devstate_schema $name$_schema = {\n"
                "    DEVSTATE_TABLE_ABI, $version$, $min_reader$, "
                "$record_count$,\n"
                "    \"$schema$\", \"$device$\", \"$root$\",\n"
                "    {$fingerprint$, sizeof $fingerprint$},\n"
                "    {$descriptors$, sizeof $descriptors$},\n"
                "    &$table$, $records$, $pieces$, $piece_count$};\n");
}

}  // namespace

void PrintCSource(const SchemaModel& model, Printer& printer) {
  const std::string file(model.root->descriptor->file()->name());
  printer.Print(
      "/* Generated by protoc-gen-devstate from $file$. Do not edit. */\n"
      "\n"
      "#include \"$base$.devstate-c.h\"\n"
      "\n",
      "file", file, "base", WithoutProtoSuffix(file));
  for (const MessageModel* type : CTypesOf(model).messages) {
    PrintTable(model, *type, printer);
  }
  PrintSchema(model, printer);
}

}  // namespace devstate
