// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/field_constraints.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/options.pb.h"

namespace devstate {
namespace {

using ::absl::int128;
using ::google::protobuf::FieldDescriptor;

using Column = FieldConstraint::Column;

// Of the type, beyond every bound that an annotation can have for floats.
void SetTypeBounds(const FieldDescriptor& field, FieldConstraint* constraint) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      constraint->low = INT32_MIN;
      constraint->high = INT32_MAX;
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      constraint->high = UINT32_MAX;
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      constraint->low = INT64_MIN;
      constraint->high = INT64_MAX;
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      constraint->high = UINT64_MAX;
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      constraint->low = absl::Int128Min();
      constraint->high = absl::Int128Max();
      break;
    default:
      break;
  }
}

bool IsPowerOfTwo(int128 value) {
  return value > 0 && (value & (value - 1)) == 0;
}

std::string Text(int128 value) {
  return value > INT64_MAX ? absl::StrCat(static_cast<uint64_t>(value))
                           : absl::StrCat(static_cast<int64_t>(value));
}

std::string RangeText(bool has_low, bool has_high,
                      const FieldConstraint& constraint) {
  if (has_low && has_high) {
    return constraint.low == constraint.high
               ? Text(constraint.low)
               : absl::StrCat(Text(constraint.low), " to ",
                              Text(constraint.high));
  }
  return has_low ? absl::StrCat("at least ", Text(constraint.low))
                 : absl::StrCat("at most ", Text(constraint.high));
}

// Values that `one_of` and the other parts both allow; and the bounds of those.
void IntersectOneOf(const FieldAnnotations& annotations,
                    FieldConstraint* constraint) {
  for (const int128 value : annotations.one_of()) {
    if (value < constraint->low || value > constraint->high ||
        (constraint->not_zero && value == 0) ||
        (constraint->power_of_two && !IsPowerOfTwo(value))) {
      continue;
    }
    constraint->one_of.push_back(value);
  }
  auto& values = constraint->one_of;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  // Without a value there is no code: CheckAnnotations() refuses the schema.
  if (values.empty()) return;
  constraint->low = values.front();
  constraint->high = values.back();
  constraint->allowed =
      absl::StrJoin(values, ", ", [](std::string* out, int128 value) {
        absl::StrAppend(out, Text(value));
      });
  if (values.size() > 1) {
    constraint->allowed = absl::StrCat("one of ", constraint->allowed);
  }
}

// Of the field's values; `required` makes it not zero.
FieldConstraint NumbersOf(const FieldDescriptor& field, bool required) {
  const FieldAnnotations& annotations =
      field.options().GetExtension(devstate::field);
  FieldConstraint constraint;
  constraint.column = Column::kNumbers;
  SetTypeBounds(field, &constraint);
  const int128 type_low = constraint.low;
  bool has_low = annotations.has_min();
  if (has_low) constraint.low = std::max<int128>(type_low, annotations.min());
  if (annotations.has_max()) {
    constraint.high = std::min<int128>(constraint.high, annotations.max());
  }
  constraint.power_of_two = annotations.power_of_two();
  constraint.not_zero = required;
  const bool is_unsigned =
      field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
      field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
  if (constraint.power_of_two || (required && is_unsigned)) {
    constraint.low = std::max<int128>(constraint.low, 1);
    has_low = has_low || !constraint.power_of_two;
  }
  constraint.bounded = has_low || annotations.has_max() ||
                       constraint.power_of_two || annotations.one_of_size() > 0;
  // A bound is the cheaper check.
  if (constraint.bounded && (constraint.low > 0 || constraint.high < 0)) {
    constraint.not_zero = false;
  }
  std::vector<std::string> parts;
  if (constraint.power_of_two) parts.push_back("a power of two");
  if (has_low || annotations.has_max()) {
    parts.push_back(RangeText(has_low, annotations.has_max(), constraint));
  }
  if (constraint.not_zero) parts.push_back("other than 0");
  constraint.allowed = absl::StrJoin(parts, " and ");
  if (annotations.one_of_size() > 0) IntersectOneOf(annotations, &constraint);
  constraint.sensitive = annotations.sensitive();
  return constraint;
}

bool AllowsZero(const FieldConstraint& constraint) {
  return !constraint.not_zero &&
         (!constraint.bounded ||
          (constraint.low <= 0 && constraint.high >= 0)) &&
         (constraint.one_of.empty() ||
          std::binary_search(constraint.one_of.begin(), constraint.one_of.end(),
                             int128(0)));
}

// Of counts or lengths, which are of 32 bits.
FieldConstraint SizesOf(Column column, bool required, bool has_max,
                        uint64_t max, const std::string& unit) {
  FieldConstraint constraint;
  constraint.column = column;
  constraint.bounded = true;
  constraint.low = required ? 1 : 0;
  constraint.high =
      has_max ? std::min<uint64_t>(max, UINT32_MAX) : uint64_t{UINT32_MAX};
  constraint.unit = unit;
  constraint.allowed = RangeText(required, has_max, constraint);
  return constraint;
}

}  // namespace

std::vector<FieldConstraint> FieldConstraintsOf(const RecordField& field) {
  const FieldAnnotations& annotations =
      field.descriptor->options().GetExtension(devstate::field);
  const bool required = annotations.required() && annotations.feature().empty();
  const bool one = field.cardinality == RecordField::Cardinality::kOne;
  const uint32_t since =
      annotations.absent_default().empty() ? 0 : annotations.since();
  std::vector<FieldConstraint> constraints;
  if (field.cardinality == RecordField::Cardinality::kOptional && required) {
    FieldConstraint counts;
    counts.column = Column::kCounts;
    counts.not_zero = true;
    counts.unit = " values";
    counts.allowed = "1";
    counts.since = since;
    constraints.push_back(counts);
  }
  if (field.cardinality == RecordField::Cardinality::kRepeated &&
      (required || annotations.has_max_items())) {
    constraints.push_back(SizesOf(Column::kCounts, required,
                                  annotations.has_max_items(),
                                  annotations.max_items(), " elements"));
    constraints.back().since = since;
  }
  if (field.descriptor->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return constraints;
  }
  if (field.descriptor->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    if ((one && required) || annotations.has_max_len()) {
      constraints.push_back(SizesOf(Column::kLengths, one && required,
                                    annotations.has_max_len(),
                                    annotations.max_len(), " bytes"));
      constraints.back().since = one ? since : 0;
    }
    return constraints;
  }
  FieldConstraint numbers = NumbersOf(*field.descriptor, one && required);
  if (numbers.bounded || numbers.not_zero) {
    numbers.may_be_unused =
        one && !annotations.feature().empty() && !AllowsZero(numbers);
    numbers.since = one ? since : 0;
    constraints.push_back(numbers);
  }
  return constraints;
}

bool HasAllowedNumber(const FieldDescriptor& field) {
  const FieldAnnotations& annotations =
      field.options().GetExtension(devstate::field);
  const bool not_zero =
      annotations.required() && !field.is_repeated() && !field.has_presence();
  const FieldConstraint numbers = NumbersOf(field, not_zero);
  if (annotations.one_of_size() > 0) return !numbers.one_of.empty();
  if (!numbers.power_of_two) {
    return numbers.low <= numbers.high &&
           (!numbers.not_zero || numbers.low != 0 || numbers.high != 0);
  }
  for (int128 value = 1; value <= numbers.high; value *= 2) {
    if (value >= numbers.low) return true;
  }
  return false;
}

}  // namespace devstate
