// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/codegen/cpp_table.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/codegen/bounds_image.h"
#include "devstate/schema/column_bounds.h"
#include "devstate/schema/record_key.h"
#include "devstate/schema/record_size.h"

namespace devstate {
namespace {

using ::google::protobuf::io::Printer;
using Column = ColumnBounds::Column;

const char* ColumnName(Column column) {
  switch (column) {
    case Column::kCounts:
      return "kCounts";
    case Column::kLengths:
      return "kLengths";
    case Column::kNumbers:
      return "kNumbers";
  }
  return "";
}

const char* PresenceName(const FieldModel& field) {
  switch (field.presence) {
    case Presence::kImplicit:
      return "kImplicit";
    case Presence::kExplicit:
      return "kExplicit";
    case Presence::kRepeated:
      return "kRepeated";
    case Presence::kMap:
      return "kMap";
  }
  return "";
}

// By number, because names joined to names could be the same.
std::string ConstantName(const MessageModel& type, const FieldModel& field,
                         const std::string& what) {
  return absl::StrCat("k", type.record_name, "_", field.number, "_", what);
}

const char* BoolLiteral(bool value) { return value ? "true" : "false"; }

// Returns the name of the constants that `print` prints, or "{}" without any.
std::string PrintBounds(const MessageModel& type, const FieldModel& field,
                        Printer& printer) {
  if (field.bounds.empty()) return "{}";
  std::vector<std::string> one_of;
  for (const ColumnBounds& bounds : field.bounds) {
    one_of.push_back("{}");
    if (!bounds.values.values.has_value()) continue;
    one_of.back() =
        ConstantName(type, field, absl::StrCat("OneOf", one_of.size()));
    printer.Print("constexpr uint64_t $name$[] = {$values$};\n", "name",
                  one_of.back(), "values", ListLiteral(bounds));
  }
  const std::string name = ConstantName(type, field, "Bounds");
  printer.Print("constexpr ::devstate::BoundsEntry $name$[] = {\n", "name",
                name);
  for (size_t i = 0; i < field.bounds.size(); ++i) {
    const ColumnBounds& bounds = field.bounds[i];
    const std::map<std::string, std::string> variables = {
        {"column", ColumnName(bounds.column)},
        {"since", absl::StrCat(bounds.since)},
        {"bounded", BoolLiteral(bounds.bounded)},
        {"low", ImageLiteral(LowImage(field, bounds))},
        {"high", ImageLiteral(HighImage(field, bounds))},
        {"not_zero", BoolLiteral(bounds.not_zero)},
        {"power_of_two", BoolLiteral(bounds.values.power_of_two)},
        {"one_of", one_of[i]},
        {"may_be_unused", BoolLiteral(bounds.may_be_unused)},
        {"required", BoolLiteral(bounds.required)},
        {"sensitive", BoolLiteral(bounds.sensitive)},
        {"unit", bounds.unit},
        {"allowed", bounds.allowed}};
    printer.Print(variables,
                  "    {::devstate::BoundsEntry::Column::$column$, "
                  "/*since=*/$since$,\n"
                  "     /*bounded=*/$bounded$, /*low=*/$low$, "
                  "/*high=*/$high$,\n"
                  "     /*not_zero=*/$not_zero$, "
                  "/*power_of_two=*/$power_of_two$,\n"
                  "     /*one_of=*/$one_of$, "
                  "/*may_be_unused=*/$may_be_unused$,\n"
                  "     /*required=*/$required$, /*sensitive=*/$sensitive$,\n"
                  "     \"$unit$\", \"$allowed$\"},\n");
  }
  printer.Print("};\n");
  return name;
}

std::string PrintEnumValues(const MessageModel& type, const FieldModel& field,
                            Printer& printer) {
  if (field.enumeration == nullptr) return "{}";
  const std::string name = ConstantName(type, field, "Values");
  printer.Print("constexpr int32_t $name$[] = {$numbers$};\n", "name", name,
                "numbers", absl::StrJoin(NumbersOf(*field.enumeration), ", "));
  return name;
}

absl::string_view KindEnumerator(ValueKind kind) {
  switch (kind) {
    case ValueKind::kUnspecified:
      break;
    case ValueKind::kUnsigned:
      return "ValueKind::kUnsigned";
    case ValueKind::kSigned:
      return "ValueKind::kSigned";
    case ValueKind::kFloat:
      return "ValueKind::kFloat";
    case ValueKind::kDouble:
      return "ValueKind::kDouble";
    case ValueKind::kBytes:
      return "ValueKind::kBytes";
    case ValueKind::kText:
      return "ValueKind::kText";
  }
  return "ValueKind::kUnspecified";
}

std::string PrintFields(const MessageModel& type, Printer& printer) {
  if (type.fields.empty()) return "{}";
  std::string entries;
  for (const FieldModel& field : type.fields) {
    const std::string values = PrintEnumValues(type, field, printer);
    const std::string bounds = PrintBounds(type, field, printer);
    absl::StrAppend(
        &entries, "    {", field.number, ", \"", field.name,
        "\", ::devstate::Presence::", PresenceName(field),
        ",\n     ::devstate::", KindEnumerator(field.column_kind), ", ",
        field.cardinality() == Cardinality::kRepeated ? ValueSize(field) : 0,
        ", ", values, ", ", bounds, "},\n");
  }
  const std::string name = absl::StrCat("k", type.record_name, "_Fields");
  printer.Print("constexpr ::devstate::FieldEntry $name$[] = {\n", "name",
                name);
  printer.PrintRaw(entries);
  printer.Print("};\n");
  return name;
}

std::string PrintOneofs(const MessageModel& type, Printer& printer) {
  if (type.oneofs.empty()) return "{}";
  std::string entries;
  for (size_t i = 0; i < type.oneofs.size(); ++i) {
    const OneofModel& oneof = type.oneofs[i];
    const std::string name = absl::StrCat("k", type.record_name, "_Oneof", i);
    printer.Print("constexpr uint16_t $name$[] = {$members$};\n", "name", name,
                  "members", absl::StrJoin(oneof.members, ", "));
    absl::StrAppend(&entries, "    {\"", oneof.name, "\", \"",
                    oneof.member_names, "\", ", name, "},\n");
  }
  const std::string name = absl::StrCat("k", type.record_name, "_Oneofs");
  printer.Print("constexpr ::devstate::OneofEntry $name$[] = {\n", "name",
                name);
  printer.PrintRaw(entries);
  printer.Print("};\n");
  return name;
}

}  // namespace

void PrintBoundsComments(const FieldModel& field, Printer& printer) {
  for (const ColumnBounds& bounds : field.bounds) {
    printer.Print("// $column$: $allowed$.\n", "column",
                  bounds.column == Column::kNumbers  ? "Allowed"
                  : bounds.column == Column::kCounts ? "Occurrences"
                                                     : "Length",
                  "allowed", bounds.allowed);
  }
}

void PrintTable(const MessageModel& type, Printer& printer) {
  printer.Print(
      "// $message$\n"
      "namespace {\n",
      "message", type.full_name);
  const std::string fields = PrintFields(type, printer);
  const std::string oneofs = PrintOneofs(type, printer);
  printer.Print(
      "constexpr ::devstate::RecordTable k$name$_Table = {$fields$, "
      "$oneofs$};\n"
      "}  // namespace\n"
      "\n"
      "const ::devstate::RecordTable& $name$Row::Table() {\n"
      "  return k$name$_Table;\n"
      "}\n"
      "\n",
      "name", type.record_name, "fields", fields, "oneofs", oneofs);
}

void PrintKeys(const SchemaModel& model, Printer& printer) {
  const std::string root(model.root->descriptor->name());
  printer.Print(
      "namespace {\n"
      "absl::Span<const uint16_t> $root$_KeyOf(uint32_t field) {\n"
      "  switch (field) {\n",
      "root", root);
  for (const FieldModel* batch : model.batches) {
    const std::vector<uint16_t> key = RecordKey(*batch);
    if (key.empty()) continue;
    printer.Print(
        "    case $number$: {\n"
        "      static constexpr uint16_t kKey[] = {$key$};\n"
        "      return kKey;\n"
        "    }\n",
        "number", absl::StrCat(batch->number), "key", absl::StrJoin(key, ", "));
  }
  printer.Print(
      "    default:\n"
      "      return {};\n"
      "  }\n"
      "}\n"
      "}  // namespace\n"
      "\n");
}

}  // namespace devstate
