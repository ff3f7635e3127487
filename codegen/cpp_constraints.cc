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
#include "devstate/schema/column_bounds.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {

using ::absl::int128;
using ::google::protobuf::io::Printer;

using Column = ColumnBounds::Column;

std::string NumberType(const FieldModel& field, Column column) {
  switch (column) {
    case Column::kCounts:
      return field.cardinality() == FieldModel::Cardinality::kOptional
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
std::string ConstantName(const MessageModel& type, const FieldModel& field,
                         const ColumnBounds& bounds) {
  return absl::StrCat("k", type.record_name, "_", field.number, "_",
                      ColumnName(bounds.column));
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
  if (bound == -kUnboundedReal || bound == kUnboundedReal) {
    return absl::StrCat(bound < 0 ? "-" : "", "std::numeric_limits<", type,
                        ">::infinity()");
  }
  return type == "float" ? FloatLiteral<float>(bound, sign)
                         : FloatLiteral<double>(bound, sign);
}

const char* BoolLiteral(bool value) { return value ? "true" : "false"; }

void PrintConstant(const MessageModel& type, const FieldModel& field,
                   const ColumnBounds& bounds, Printer& printer) {
  const std::string number = NumberType(field, bounds.column);
  const std::string name = ConstantName(type, field, bounds);
  const ValueSet& values = bounds.values;
  if (values.values.has_value()) {
    printer.Print(
        "constexpr $number$ $name$OneOf[] = {$values$};\n", "number", number,
        "name", name, "values",
        absl::StrJoin(*values.values, ", ", [](std::string* out, int128 value) {
          absl::StrAppend(out, IntegerLiteral(value));
        }));
  }
  const std::map<std::string, std::string> variables = {
      {"field", field.name},
      {"number", number},
      {"name", name},
      {"bounded", BoolLiteral(bounds.bounded)},
      {"low", Literal(number, values.low, 1)},
      {"high", Literal(number, values.high, -1)},
      {"not_zero", BoolLiteral(bounds.not_zero)},
      {"power_of_two", BoolLiteral(values.power_of_two)},
      {"one_of", values.values.has_value() ? name + "OneOf" : "{}"},
      {"may_be_unused", BoolLiteral(bounds.may_be_unused)},
      {"required", BoolLiteral(bounds.required)},
      {"sensitive", BoolLiteral(bounds.sensitive)},
      {"unit", bounds.unit},
      {"allowed", bounds.allowed}};
  printer.Print(variables,
                "// $field$\n"
                "constexpr ::devstate::NumberConstraint<$number$> $name$ = {\n"
                "    /*bounded=*/$bounded$, /*low=*/$low$, /*high=*/$high$,\n"
                "    /*not_zero=*/$not_zero$, "
                "/*power_of_two=*/$power_of_two$,\n"
                "    /*one_of=*/$one_of$, "
                "/*may_be_unused=*/$may_be_unused$,\n"
                "    /*required=*/$required$, /*sensitive=*/$sensitive$,\n"
                "    \"$unit$\",\n"
                "    \"$allowed$\"};\n");
}

// Where the values are that `bounds` is about, and what they belong to;
// `call` reads a column of the reader or of the builder.
struct Place {
  std::string column;
  std::string count;
  std::string rows;
};

Place PlaceOf(const FieldModel& field, const ColumnBounds& bounds,
              const std::string& rows) {
  const std::string member = MemberName(*field.descriptor) + "_column_";
  Place place = {member, "count", rows};
  if (bounds.column == Column::kCounts) {
    place.column += ".counts()";
  } else if (field.cardinality() != FieldModel::Cardinality::kOne) {
    place.column += ".values()";
    place.count = member + ".total()";
    place.rows = "::devstate::RowKind::kOccurrence";
  }
  if (bounds.column == Column::kLengths) place.column += ".lengths()";
  return place;
}

}  // namespace

void PrintConstraintComments(const FieldModel& field, Printer& printer) {
  for (const ColumnBounds& bounds : field.bounds) {
    printer.Print("// $column$: $allowed$.\n", "column",
                  bounds.column == Column::kNumbers  ? "Allowed"
                  : bounds.column == Column::kCounts ? "Occurrences"
                                                     : "Length",
                  "allowed", bounds.allowed);
  }
}

void PrintConstraints(const MessageModel& type, Printer& printer) {
  bool any = false;
  for (const FieldModel& field : type.fields) {
    for (const ColumnBounds& bounds : field.bounds) {
      if (!any) {
        printer.Print(
            "// What the annotations of $message$ allow.\n"
            "namespace {\n\n",
            "message", type.full_name);
      }
      any = true;
      PrintConstant(type, field, bounds, printer);
    }
  }
  if (any) printer.Print("\n}  // namespace\n\n");
}

void PrintValidateConstraints(const MessageModel& type, const FieldModel& field,
                              Printer& printer) {
  for (const ColumnBounds& bounds : field.bounds) {
    const Place place = PlaceOf(field, bounds, "rows");
    const bool counts = bounds.column == Column::kCounts;
    printer.Print(
        "  DS_RETURN_IF_ERROR(::devstate::Validate$what$(\n"
        "      \"$field$\", $column$$stored$,$size$ $constant$, $rows$));\n",
        "what", counts ? "Counts" : "Column", "field", field.name, "column",
        place.column, "stored",
        bounds.column == Column::kLengths ? "" : ".stored()", "size",
        counts ? " size_," : "", "constant", ConstantName(type, field, bounds),
        "rows", place.rows);
  }
}

void PrintCheckConstraints(const MessageModel& type, const FieldModel& field,
                           Printer& printer) {
  for (const ColumnBounds& bounds : field.bounds) {
    const Place place = PlaceOf(field, bounds, "context.row_kind()");
    printer.Print("  $condition${\n", "condition",
                  bounds.since == 0
                      ? ""
                      : absl::StrCat("if (context.schema_version() >= ",
                                     bounds.since, ") "));
    printer.Print(
        "    ::devstate::DecodeContext::PathScope scope(context, "
        "\"$field$\");\n"
        "    DS_RETURN_IF_ERROR(::devstate::CheckColumn(\n"
        "        $column$.stored($count$), $constant$,\n"
        "        $rows$, context));\n"
        "  }\n",
        "field", field.name, "column", place.column, "count", place.count,
        "constant", ConstantName(type, field, bounds), "rows", place.rows);
  }
}

}  // namespace devstate
