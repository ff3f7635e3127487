// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/unit_scale.h"

#include "absl/strings/string_view.h"

namespace devstate {
namespace {

struct Unit {
  absl::string_view name;
  // Units of one quantity can be converted.
  enum { kTime, kSize, kFrequency } quantity;
  // In the smallest unit of the quantity.
  int64_t size;
};

constexpr int64_t kSecond = 1000000000;

constexpr Unit kUnits[] = {
    {"ns", Unit::kTime, 1},
    {"us", Unit::kTime, 1000},
    {"ms", Unit::kTime, 1000000},
    {"s", Unit::kTime, kSecond},
    {"min", Unit::kTime, 60 * kSecond},
    {"h", Unit::kTime, 3600 * kSecond},
    {"bytes", Unit::kSize, 1},
    {"KiB", Unit::kSize, 1 << 10},
    {"MiB", Unit::kSize, 1 << 20},
    {"GiB", Unit::kSize, 1 << 30},
    {"Hz", Unit::kFrequency, 1},
    {"kHz", Unit::kFrequency, 1000},
    {"MHz", Unit::kFrequency, 1000000},
    {"GHz", Unit::kFrequency, 1000000000},
};

const Unit* FindUnit(absl::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

bool CanScale(const FieldModel& field) {
  return IsInteger(field) && field.enumeration == nullptr &&
         field.type != google::protobuf::FieldDescriptor::TYPE_BOOL &&
         !field.annotations.power_of_two() &&
         field.annotations.one_of_size() == 0;
}

absl::int128 FloorDivide(absl::int128 value, absl::int128 divisor) {
  const absl::int128 quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

}  // namespace

absl::optional<UnitScale> ScaleBetween(const FieldModel& written,
                                       const FieldModel& read) {
  const Unit* from = FindUnit(written.annotations.unit());
  const Unit* to = FindUnit(read.annotations.unit());
  if (from == nullptr || to == nullptr || from == to ||
      from->quantity != to->quantity || !CanScale(written) || !CanScale(read)) {
    return absl::nullopt;
  }
  if (from->size > to->size) return UnitScale{from->size / to->size, 1};
  return UnitScale{1, to->size / from->size};
}

ValueSet InWritersUnit(const ValueSet& values, const UnitScale& scale) {
  ValueSet scaled = values;
  scaled.low = -FloorDivide(-values.low, scale.multiplier) * scale.divisor;
  scaled.high = FloorDivide(values.high, scale.multiplier) * scale.divisor;
  return scaled;
}

}  // namespace devstate
