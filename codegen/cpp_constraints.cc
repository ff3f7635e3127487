// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/codegen/cpp_constraints.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "devstate/codegen/cpp_names.h"
#include "devstate/schema/field_constraints.h"

namespace devstate {
namespace {

using ::absl::int128;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::io::Printer;

using Column = FieldConstraint::Column;

std::string NumberType(const RecordField& field, Column column) {
  switch (column) {
    case Column::kCounts:
      return field.cardinality == RecordField::Cardinality::kOptional
                 ? "bool"
                 : "uint32_t";
    case Column::kLengths:
      return "uint32_t";
    case Column::kNumbers:
      break;
  }
  return field.descriptor->enum_type() != nullptr ? "int32_t"
                                                  : ValueType(field);
}

const char* ColumnName(Column column) {
  switch (column) {
    case Column::kCounts:
      return "Counts";
    case Column::kLengths:
      return "Lengths";
    case Column::kNumbers:
      return "Numbers";
  }
  return "";
}

// By number, because names joined to names could be the same.
std::string ConstantName(const RecordType& type, const RecordField& field,
                         const FieldConstraint& constraint) {
  return absl::StrCat("k", type.name, "_", field.descriptor->number(), "_",
                      ColumnName(constraint.column));
}

std::string IntegerLiteral(int128 value) {
  if (value > INT64_MAX) {
    return absl::StrCat(static_cast<uint64_t>(value), "u");
  }
  // The literal would be that of 2^63, negated.
  if (value == INT64_MIN) return "INT64_MIN";
  return absl::StrCat(static_cast<int64_t>(value));
}

// The smallest value of type Float that is not below `low`; `sign` -1: the
// largest that is not above.
template <typename Float>
std::string FloatLiteral(int128 bound, int sign) {
  auto value = static_cast<Float>(bound);
  const int128 rounded = static_cast<int128>(value);
  const Float infinity = std::numeric_limits<Float>::infinity();
  if (sign > 0 ? rounded < bound : rounded > bound) {
    value = std::nextafter(value, static_cast<Float>(sign) * infinity);
  }
  return absl::StrFormat("%a%s", value, sizeof(Float) == 4 ? "f" : "");
}

std::string Literal(const std::string& type, int128 bound, int sign) {
  if (type == "bool") return "false";
  if (type != "float" && type != "double") return IntegerLiteral(bound);
  if (bound == absl::Int128Min() || bound == absl::Int128Max()) {
    return absl::StrCat(bound < 0 ? "-" : "", "std::numeric_limits<", type,
                        ">::infinity()");
  }
  return type == "float" ? FloatLiteral<float>(bound, sign)
                         : FloatLiteral<double>(bound, sign);
}

const char* BoolLiteral(bool value) { return value ? "true" : "false"; }

void PrintConstant(const RecordType& type, const RecordField& field,
                   const FieldConstraint& constraint, Printer& printer) {
  const std::string number = NumberType(field, constraint.column);
  const std::string name = ConstantName(type, field, constraint);
  if (!constraint.one_of.empty()) {
    printer.Print("constexpr $number$ $name$OneOf[] = {$values$};\n", "number",
                  number, "name", name, "values",
                  absl::StrJoin(constraint.one_of, ", ",
                                [](std::string* out, int128 value) {
                                  absl::StrAppend(out, IntegerLiteral(value));
                                }));
  }
  const std::map<std::string, std::string> variables = {
      {"field", field.descriptor->name()},
      {"number", number},
      {"name", name},
      {"bounded", BoolLiteral(constraint.bounded)},
      {"low", Literal(number, constraint.low, 1)},
      {"high", Literal(number, constraint.high, -1)},
      {"not_zero", BoolLiteral(constraint.not_zero)},
      {"power_of_two", BoolLiteral(constraint.power_of_two)},
      {"one_of", constraint.one_of.empty() ? "{}" : name + "OneOf"},
      {"may_be_unused", BoolLiteral(constraint.may_be_unused)},
      {"sensitive", BoolLiteral(constraint.sensitive)},
      {"unit", constraint.unit},
      {"allowed", constraint.allowed}};
  printer.Print(variables,
                "// $field$\n"
                "constexpr ::devstate::NumberConstraint<$number$> $name$ = {\n"
                "    /*bounded=*/$bounded$, /*low=*/$low$, /*high=*/$high$,\n"
                "    /*not_zero=*/$not_zero$, "
                "/*power_of_two=*/$power_of_two$,\n"
                "    /*one_of=*/$one_of$, "
                "/*may_be_unused=*/$may_be_unused$,\n"
                "    /*sensitive=*/$sensitive$, \"$unit$\",\n"
                "    \"$allowed$\"};\n");
}

// Where the values are that `constraint` is about, and what they belong to;
// `call` reads a column of the reader or of the builder.
struct Place {
  std::string column;
  std::string count;
  std::string rows;
};

Place PlaceOf(const RecordField& field, const FieldConstraint& constraint,
              const std::string& rows) {
  const std::string member = MemberName(*field.descriptor) + "_column_";
  Place place = {member, "count", rows};
  if (constraint.column == Column::kCounts) {
    place.column += ".counts()";
  } else if (field.cardinality != RecordField::Cardinality::kOne) {
    place.column += ".values()";
    place.count = member + ".total()";
    place.rows = "::devstate::RowKind::kOccurrence";
  }
  if (constraint.column == Column::kLengths) place.column += ".lengths()";
  return place;
}

}  // namespace

void PrintConstraintComments(const RecordField& field, Printer& printer) {
  for (const FieldConstraint& constraint : FieldConstraintsOf(field)) {
    printer.Print("// $column$: $allowed$$unit$.\n", "column",
                  constraint.column == Column::kNumbers  ? "Allowed"
                  : constraint.column == Column::kCounts ? "Occurrences"
                                                         : "Length",
                  "allowed", constraint.allowed, "unit",
                  constraint.column == Column::kLengths ? constraint.unit : "");
  }
}

void PrintConstraints(const RecordType& type, Printer& printer) {
  bool any = false;
  for (const RecordField& field : type.fields) {
    for (const FieldConstraint& constraint : FieldConstraintsOf(field)) {
      if (!any) {
        printer.Print(
            "// What the annotations of $message$ allow.\n"
            "namespace {\n\n",
            "message", type.descriptor->full_name());
      }
      any = true;
      PrintConstant(type, field, constraint, printer);
    }
  }
  if (any) printer.Print("\n}  // namespace\n\n");
}

void PrintValidateConstraints(const RecordType& type, const RecordField& field,
                              Printer& printer) {
  for (const FieldConstraint& constraint : FieldConstraintsOf(field)) {
    const Place place = PlaceOf(field, constraint, "rows");
    const bool counts = constraint.column == Column::kCounts;
    printer.Print(
        "  DS_RETURN_IF_ERROR(::devstate::Validate$what$(\n"
        "      \"$field$\", $column$$stored$,$size$ $constant$, $rows$));\n",
        "what", counts ? "Counts" : "Column", "field", field.descriptor->name(),
        "column", place.column, "stored",
        constraint.column == Column::kLengths ? "" : ".stored()", "size",
        counts ? " size_," : "", "constant",
        ConstantName(type, field, constraint), "rows", place.rows);
  }
}

void PrintCheckConstraints(const RecordType& type, const RecordField& field,
                           Printer& printer) {
  for (const FieldConstraint& constraint : FieldConstraintsOf(field)) {
    const Place place = PlaceOf(field, constraint, "context.row_kind()");
    printer.Print("  $condition${\n", "condition",
                  constraint.since == 0
                      ? ""
                      : absl::StrCat("if (context.schema_version() >= ",
                                     constraint.since, ") "));
    printer.Print(
        "    ::devstate::DecodeContext::PathScope scope(context, "
        "\"$field$\");\n"
        "    DS_RETURN_IF_ERROR(::devstate::CheckColumn(\n"
        "        $column$.stored($count$), $constant$,\n"
        "        $rows$, context));\n"
        "  }\n",
        "field", field.descriptor->name(), "column", place.column, "count",
        place.count, "constant", ConstantName(type, field, constraint), "rows",
        place.rows);
  }
}

}  // namespace devstate
