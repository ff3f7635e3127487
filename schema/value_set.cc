// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/value_set.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/schema/schema_model.h"

namespace devstate {
namespace {

using ::absl::int128;

// Ranges up to this many values are compared value by value.
constexpr int kSmallRange = 256;

bool IsPowerOfTwo(int128 value) {
  return value > 0 && (value & (value - 1)) == 0;
}

// All values of a set that has few, ascending.
absl::optional<std::vector<int128>> Enumerate(const ValueSet& set) {
  std::vector<int128> result;
  if (set.values.has_value()) {
    for (const int128 value : *set.values) {
      if (set.Contains(value)) result.push_back(value);
    }
    return result;
  }
  if (set.power_of_two) {
    for (int bit = 0; bit < 64; ++bit) {
      const int128 value = int128(1) << bit;
      if (set.Contains(value)) result.push_back(value);
    }
    return result;
  }
  if (set.high - set.low >= kSmallRange) return absl::nullopt;
  for (int128 value = set.low; value <= set.high; ++value) {
    result.push_back(value);
  }
  return result;
}

std::string ListText(const std::vector<int128>& values) {
  return absl::StrJoin(values, ", ", [](std::string* out, int128 value) {
    absl::StrAppend(out, NumberText(value));
  });
}

}  // namespace

bool ValueSet::Contains(int128 value) const {
  if (value < low || value > high) return false;
  if (power_of_two && !IsPowerOfTwo(value)) return false;
  return !values.has_value() || values->count(value) != 0;
}

bool IsInteger(const FieldModel& field) {
  return field.column_kind == ValueKind::kUnsigned ||
         field.column_kind == ValueKind::kSigned;
}

bool IsNumber(const FieldModel& field) {
  return IsInteger(field) || field.column_kind == ValueKind::kFloat ||
         field.column_kind == ValueKind::kDouble;
}

ValueSet ValuesOfType(const FieldModel& field) {
  ValueSet set;
  if (!IsInteger(field)) {
    set.high = kUnboundedReal;
    set.low = -kUnboundedReal;
    return set;
  }
  const bool is_signed = field.column_kind == ValueKind::kSigned;
  const int128 span = int128(1) << field.bits;
  set.low = is_signed ? -span / 2 : 0;
  set.high = is_signed ? span / 2 - 1 : span - 1;
  if (field.enumeration != nullptr) {
    set.values.emplace();
    for (const EnumValueModel& value : field.enumeration->values) {
      set.values->insert(value.number);
    }
  } else if (field.bits == 1) {
    set.values = {0, 1};
  }
  return set;
}

ValueSet ValuesOf(const FieldModel& field) {
  ValueSet set = ValuesOfType(field);
  const FieldAnnotations& annotations = field.annotations;
  if (annotations.has_min()) {
    set.low = std::max<int128>(set.low, annotations.min());
  }
  if (annotations.has_max()) {
    set.high = std::min<int128>(set.high, annotations.max());
  }
  set.power_of_two = annotations.power_of_two();
  if (annotations.one_of_size() > 0) {
    set.values.emplace();
    for (const int64_t value : annotations.one_of()) set.values->insert(value);
  }
  return set;
}

std::string Predicate(const ValueSet& writer, const ValueSet& reader) {
  if (const auto written = Enumerate(writer)) {
    std::vector<int128> missing;
    for (const int128 value : *written) {
      if (!reader.Contains(value)) missing.push_back(value);
    }
    if (missing.empty()) return "";
    if (missing.size() * 2 <= written->size()) {
      return absl::StrCat(missing.size() == 1 ? "is not " : "is none of ",
                          ListText(missing));
    }
  }
  if (reader.values.has_value()) {
    const auto accepted = Enumerate(reader);
    return absl::StrCat(accepted->size() == 1 ? "is " : "is one of ",
                        ListText(*accepted));
  }
  std::vector<std::string> parts;
  const bool low = writer.low < reader.low;
  const bool high = writer.high > reader.high;
  if (low && high) {
    parts.push_back(absl::StrCat("is from ", NumberText(reader.low), " to ",
                                 NumberText(reader.high)));
  } else if (low) {
    parts.push_back(absl::StrCat("is at least ", NumberText(reader.low)));
  } else if (high) {
    parts.push_back(absl::StrCat("is at most ", NumberText(reader.high)));
  }
  if (reader.power_of_two && !writer.power_of_two) {
    parts.push_back("is a power of two");
  }
  return absl::StrJoin(parts, " and ");
}

bool Disjoint(const ValueSet& writer, const ValueSet& reader) {
  const auto none_in = [](const std::vector<int128>& values,
                          const ValueSet& set) {
    return std::none_of(values.begin(), values.end(),
                        [&](int128 value) { return set.Contains(value); });
  };
  if (const auto values = Enumerate(writer)) return none_in(*values, reader);
  if (const auto values = Enumerate(reader)) return none_in(*values, writer);
  return writer.high < reader.low || reader.high < writer.low;
}

std::string NumberText(int128 value) {
  const bool negative = value < 0;
  absl::uint128 rest = negative ? -absl::uint128(value) : absl::uint128(value);
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace devstate
