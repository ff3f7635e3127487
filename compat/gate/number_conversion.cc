// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/number_conversion.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/numeric/int128.h"
#include "devstate/schema/value_set.h"
#include "devstate/serializer/number_column.h"

namespace devstate {
namespace {

// Whether each value of `written` is one of `read`'s, which is an integer, too.
bool HoldsAllOf(const FieldModel& read, const FieldModel& written) {
  return Predicate(ValuesOfType(written), ValuesOfType(read)).empty();
}

}  // namespace

NumberType::NumberType(const FieldModel& field) : kind_(field.column_kind) {
  if (!IsInteger(field)) {
    max_ = kind_ == ValueKind::kFloat ? std::numeric_limits<uint32_t>::max()
                                      : std::numeric_limits<uint64_t>::max();
    return;
  }
  const ValueSet values = ValuesOfType(field);
  max_ = kind_ == ValueKind::kSigned ? ZigZag(static_cast<int64_t>(values.low))
                                     : static_cast<uint64_t>(values.high);
  if (field.enumeration == nullptr) return;
  closed_ = true;
  for (const EnumValueModel& value : field.enumeration->values) {
    values_.push_back(ZigZag(value.number));
  }
  std::sort(values_.begin(), values_.end());
}

bool NumberType::Holds(uint64_t bits) const {
  if (bits > max_) return false;
  return !closed_ || std::binary_search(values_.begin(), values_.end(), bits);
}

Number NumberType::ToNumber(uint64_t bits) const {
  Number number;
  switch (kind_) {
    case ValueKind::kFloat:
      number.floating = true;
      number.real = static_cast<double>(
          NumberTraits<float>::FromBits(static_cast<uint32_t>(bits)));
      break;
    case ValueKind::kDouble:
      number.floating = true;
      number.real = NumberTraits<double>::FromBits(bits);
      break;
    case ValueKind::kSigned:
      number.integer = UnZigZag(bits);
      break;
    default:
      number.integer = bits;
      break;
  }
  return number;
}

bool NumberType::FromNumber(const Number& number, uint64_t* bits) const {
  if (kind_ == ValueKind::kFloat) {
    *bits = NumberTraits<float>::ToBits(static_cast<float>(number.real));
  } else if (kind_ == ValueKind::kDouble) {
    *bits = NumberTraits<double>::ToBits(number.real);
  } else if (kind_ == ValueKind::kSigned) {
    if (number.integer < std::numeric_limits<int64_t>::min() ||
        number.integer > std::numeric_limits<int64_t>::max()) {
      return false;
    }
    *bits = ZigZag(static_cast<int64_t>(number.integer));
  } else {
    if (number.integer < 0 ||
        number.integer > std::numeric_limits<uint64_t>::max()) {
      return false;
    }
    *bits = static_cast<uint64_t>(number.integer);
  }
  return number.floating ==
             (kind_ == ValueKind::kFloat || kind_ == ValueKind::kDouble) &&
         Holds(*bits);
}

NumberConversion::NumberConversion(const FieldModel& written,
                                   const FieldModel& read,
                                   const absl::optional<UnitScale>& scale,
                                   const EnumMapping& enums)
    : from_(written),
      to_(read),
      scale_(scale.value_or(UnitScale())),
      exists_((enums.unchanged() || !scale.has_value()) &&
              (written.type == read.type ||
               (IsInteger(written) && IsInteger(read)))),
      // Without the same type, a number that the writer's does not have would
      // be found by nobody.
      trivial_(written.type == read.type && !scale.has_value() &&
               enums.unchanged() &&
               (read.enumeration == nullptr || HoldsAllOf(read, written))) {
  for (const auto& [from, to] : enums.renumbered) {
    renumbered_[ZigZag(from)] = ZigZag(to);
  }
  for (const int number : enums.unknown) unknown_.insert(ZigZag(number));
}

bool NumberConversion::ConvertAll(uint64_t* bits, size_t count,
                                  bool* changed) const {
  if (from_.closed() || to_.closed() || scale_.multiplier != scale_.divisor) {
    for (size_t i = 0; i < count; ++i) {
      const uint64_t before = bits[i];
      if (!Convert(&bits[i])) return false;
      *changed |= bits[i] != before;
    }
    return true;
  }
  // As Convert(), in loops without branches.
  const uint64_t max = from_.max();
  uint64_t largest = 0;
  uint64_t all = 0;
  for (size_t i = 0; i < count; ++i) {
    largest = std::max(largest, bits[i]);
    all |= bits[i];
  }
  if (from_.kind() == to_.kind()) return largest <= std::min(max, to_.max());
  *changed |= all != 0;
  if (to_.kind() == ValueKind::kSigned) {
    // The largest number that is not negative travels as the one below its max.
    if (largest > std::min(max, to_.max() / 2)) return false;
    for (size_t i = 0; i < count; ++i) bits[i] *= 2;
    return true;
  }
  // Odd ones are negative.
  if (largest > max || (all & 1) != 0 || largest / 2 > to_.max()) return false;
  for (size_t i = 0; i < count; ++i) bits[i] /= 2;
  return true;
}

bool NumberConversion::Convert(uint64_t* bits) const {
  if (!from_.Holds(*bits) || unknown_.count(*bits) != 0) return false;
  const auto renumbered = renumbered_.find(*bits);
  if (renumbered != renumbered_.end()) *bits = renumbered->second;
  if (from_.kind() == to_.kind() && scale_.multiplier == scale_.divisor) {
    return to_.Holds(*bits);
  }
  const int64_t integer = UnZigZag(*bits);
  const bool negative = from_.kind() == ValueKind::kSigned && integer < 0;
  uint64_t size = from_.kind() != ValueKind::kSigned ? *bits
                  : negative ? -static_cast<uint64_t>(integer)
                             : static_cast<uint64_t>(integer);
  const uint64_t divisor = static_cast<uint64_t>(scale_.divisor);
  if (divisor != 1) {
    if (size % divisor != 0) return false;
    size /= divisor;
  }
  if (__builtin_mul_overflow(size, static_cast<uint64_t>(scale_.multiplier),
                             &size)) {
    return false;
  }
  if (to_.kind() != ValueKind::kSigned) {
    *bits = size;
    return (!negative || size == 0) && to_.Holds(size);
  }
  constexpr uint64_t kSign = uint64_t{1} << 63;
  if (size > kSign || (size == kSign && !negative)) return false;
  *bits = negative ? size * 2 - 1 : size * 2;
  return to_.Holds(*bits);
}

}  // namespace devstate
