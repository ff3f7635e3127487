// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/absent_value.h"

#include <string>

#include "absl/strings/numbers.h"
#include "devstate/schema/value_set.h"

namespace devstate {


bool HasStopped(const SchemaModel& schema, const FieldModel& field) {
  const uint32_t last = field.annotations.write_until();
  return last != 0 && schema.version() > last;
}

bool SaysWhatAbsenceMeans(const FieldModel& field) {
  const FieldAnnotations& annotations = field.annotations;
  return field.presence == Presence::kExplicit || annotations.ignorable() ||
         !annotations.absent_default().empty() ||
         !annotations.feature().empty();
}

absl::optional<absl::int128> DefaultNumber(const FieldModel& field) {
  const std::string& text = field.annotations.absent_default();
  if (field.enumeration != nullptr) {
    const EnumValueModel* value = field.enumeration->FindName(text);
    if (value == nullptr) return absl::nullopt;
    return value->number;
  }
  if (text == "false" || text == "true") return text == "true" ? 1 : 0;
  int64_t low;
  if (absl::SimpleAtoi(text, &low)) return low;
  uint64_t high;
  if (absl::SimpleAtoi(text, &high)) return high;
  return absl::nullopt;
}

bool AllowsDefaultOf(const FieldModel& field, const FieldModel& source) {
  const std::string& text = source.annotations.absent_default();
  const FieldAnnotations& annotations = field.annotations;
  if (IsInteger(field)) {
    const absl::optional<absl::int128> number = DefaultNumber(source);
    const bool missing = number == 0 && annotations.required() &&
                         field.presence == Presence::kImplicit;
    return number.has_value() && !missing && ValuesOf(field).Contains(*number);
  }
  if (IsNumber(field)) {
    double number;
    return absl::SimpleAtod(text, &number) &&
           (!annotations.has_min() ||
            number >= static_cast<double>(annotations.min())) &&
           (!annotations.has_max() ||
            number <= static_cast<double>(annotations.max()));
  }
  return !annotations.has_max_len() || text.size() <= annotations.max_len();
}

}  // namespace devstate
