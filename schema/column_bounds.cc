// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The order of the steps is what readers rely on: bounds first, then `required`
// within them, then lists within both. Whatever is cheaper to check in a loop
// over a column replaces what it implies.

#include "devstate/schema/column_bounds.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/schema/schema_model.h"

namespace devstate {
namespace {

using ::absl::int128;
using ::google::protobuf::FieldDescriptor;

using Column = ColumnBounds::Column;

std::string RangeText(bool has_low, bool has_high, const ValueSet& values) {
  if (has_low && has_high) {
    return values.low == values.high
               ? NumberText(values.low)
               : absl::StrCat(NumberText(values.low), " to ",
                              NumberText(values.high));
  }
  return has_low ? absl::StrCat("at least ", NumberText(values.low))
                 : absl::StrCat("at most ", NumberText(values.high));
}

bool IsUnsigned(const FieldModel& field) {
  switch (field.type) {
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_FIXED64:
      return true;
    default:
      return false;
  }
}

// Leaves those values of a list that the other bounds allow, too.
void NarrowList(ColumnBounds* bounds) {
  std::set<int128> values;
  for (const int128 value : *bounds->values.values) {
    if (bounds->values.Contains(value) && !(bounds->not_zero && value == 0)) {
      values.insert(value);
    }
  }
  // CheckAnnotations() refuses a schema that leaves none.
  if (!values.empty()) {
    bounds->values.low = *values.begin();
    bounds->values.high = *values.rbegin();
  }
  bounds->allowed = absl::StrCat(
      values.size() > 1 ? "one of " : "",
      absl::StrJoin(values, ", ", [](std::string* out, int128 value) {
        absl::StrAppend(out, NumberText(value));
      }));
  bounds->values.values = std::move(values);
}

ColumnBounds BoundsOfNumbers(const FieldModel& field, bool required) {
  const FieldAnnotations& annotations = field.annotations;
  ColumnBounds bounds;
  bounds.required = required;
  bounds.not_zero = required;
  bounds.sensitive = annotations.sensitive();
  if (!TakesBounds(field)) {
    bounds.allowed = "other than 0";
    return bounds;
  }
  ValueSet& values = bounds.values;
  values = ValuesOf(field);
  if (!IsInteger(field)) {
    values.values.reset();
    values.power_of_two = false;
  }
  bool has_low = annotations.has_min();
  if (values.power_of_two || (required && IsUnsigned(field))) {
    values.low = std::max<int128>(values.low, 1);
    has_low = has_low || !values.power_of_two;
  }
  bounds.bounded = has_low || annotations.has_max() || values.power_of_two ||
                   values.values.has_value();
  // A bound is the cheaper check.
  if (bounds.bounded && (values.low > 0 || values.high < 0)) {
    bounds.not_zero = false;
  }
  std::vector<std::string> parts;
  if (values.power_of_two) parts.push_back("a power of two");
  if (has_low || annotations.has_max()) {
    parts.push_back(RangeText(has_low, annotations.has_max(), values));
  }
  if (bounds.not_zero) parts.push_back("other than 0");
  bounds.allowed = absl::StrJoin(parts, " and ");
  if (values.values.has_value()) NarrowList(&bounds);
  return bounds;
}

// Returns the bounds of counts or lengths, which are of 32 bits.
ColumnBounds BoundsOfSizes(Column column, bool required, bool has_max,
                           uint64_t max, const std::string& unit) {
  ColumnBounds bounds;
  bounds.column = column;
  bounds.required = required;
  bounds.bounded = true;
  bounds.values.low = required ? 1 : 0;
  bounds.values.high =
      has_max ? std::min<uint64_t>(max, UINT32_MAX) : uint64_t{UINT32_MAX};
  bounds.unit = absl::StrCat(" ", unit, "s");
  const int128 last = has_max ? bounds.values.high : bounds.values.low;
  bounds.allowed = absl::StrCat(RangeText(required, has_max, bounds.values),
                                " ", unit, last == 1 ? "" : "s");
  return bounds;
}

ColumnBounds BoundsOfPresence() {
  ColumnBounds bounds;
  bounds.column = Column::kCounts;
  bounds.required = true;
  bounds.not_zero = true;
  bounds.unit = " values";
  bounds.allowed = "1 value";
  return bounds;
}

}  // namespace

bool ColumnBounds::Allows(int128 value) const {
  if (value == 0 && may_be_unused) return true;
  if (value == 0 && not_zero) return false;
  return !bounded || values.Contains(value);
}

bool ColumnBounds::AllowsReal(double value) const {
  const bool is_zero = value == 0 && !std::signbit(value);
  if (is_zero && may_be_unused) return true;
  if (is_zero && not_zero) return false;
  if (!bounded) return true;
  if (std::isnan(value)) return false;
  // Integers between which the value lies, exact within all bounds.
  const double limit = std::ldexp(1.0, 100);
  const double clamped = std::min(std::max(value, -limit), limit);
  return static_cast<int128>(std::floor(clamped)) >= values.low &&
         static_cast<int128>(std::ceil(clamped)) <= values.high;
}

std::vector<ColumnBounds> BoundsOf(const FieldModel& field, bool feature_used) {
  const FieldAnnotations& annotations = field.annotations;
  const bool has_feature = !annotations.feature().empty();
  const bool required =
      annotations.required() && (!has_feature || feature_used);
  const bool one = field.cardinality() == Cardinality::kOne;
  const uint32_t since =
      annotations.absent_default().empty() ? 0 : annotations.since();
  std::vector<ColumnBounds> result;
  if (field.cardinality() == Cardinality::kOptional && required) {
    result.push_back(BoundsOfPresence());
    result.back().since = since;
  }
  if (field.cardinality() == Cardinality::kRepeated &&
      (required || annotations.has_max_items())) {
    result.push_back(BoundsOfSizes(Column::kCounts, required,
                                   annotations.has_max_items(),
                                   annotations.max_items(), "element"));
    result.back().since = since;
  }
  if (field.message != nullptr) return result;
  if (!IsNumber(field)) {
    if ((one && required) || annotations.has_max_len()) {
      result.push_back(BoundsOfSizes(Column::kLengths, one && required,
                                     annotations.has_max_len(),
                                     annotations.max_len(), "byte"));
      result.back().since = one ? since : 0;
    }
    return result;
  }
  ColumnBounds numbers = BoundsOfNumbers(field, one && required);
  if (numbers.bounded || numbers.not_zero) {
    numbers.may_be_unused =
        one && has_feature && !required && !numbers.Allows(0);
    numbers.since = one ? since : 0;
    result.push_back(std::move(numbers));
  }
  return result;
}

bool TakesBounds(const FieldModel& field) {
  return IsNumber(field) && field.type != FieldDescriptor::TYPE_BOOL &&
         field.type != FieldDescriptor::TYPE_ENUM;
}

bool LeavesAValue(const FieldModel& field) {
  const bool not_zero =
      field.annotations.required() && field.cardinality() == Cardinality::kOne;
  const ColumnBounds bounds = BoundsOfNumbers(field, not_zero);
  const ValueSet& values = bounds.values;
  if (values.values.has_value()) return !values.values->empty();
  if (!values.power_of_two) {
    return values.low <= values.high &&
           (!bounds.not_zero || values.low != 0 || values.high != 0);
  }
  for (int128 value = 1; value <= values.high; value *= 2) {
    if (value >= values.low) return true;
  }
  return false;
}

}  // namespace devstate
