// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_VALUE_SET_H_
#define DEVSTATE_SCHEMA_VALUE_SET_H_

#include <set>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/types/optional.h"

namespace devstate {

struct FieldModel;

// The bound of a float or a double that has none. Every bound of an annotation
// is within.
inline constexpr absl::int128 kUnboundedReal = absl::MakeInt128(1LL << 36, 0);

// The values that a number can have: those of its type that its annotations
// allow. Booleans are 0 and 1, enums the numbers of their values.
struct ValueSet {
  // If set, the only values; otherwise all from `low` to `high`.
  absl::optional<std::set<absl::int128>> values;
  absl::int128 low = 0;
  absl::int128 high = 0;
  bool power_of_two = false;

  bool Contains(absl::int128 value) const;
};

bool IsInteger(const FieldModel& field);
bool IsNumber(const FieldModel& field);

// Returns the values that the annotations allow of a number, or of each element
// of a repeated number. A float or double without bounds goes from
// -kUnboundedReal to kUnboundedReal.
ValueSet ValuesOf(const FieldModel& field);
// Returns the same without annotations.
ValueSet ValuesOfType(const FieldModel& field);

// Returns what must hold of every value of `writer` for `reader` to contain it,
// as the end of a sentence ("is at most 65535"). Empty if it always holds.
std::string Predicate(const ValueSet& writer, const ValueSet& reader);

// Returns whether no value of `writer` is one of `reader`, as far as the two
// tell.
bool Disjoint(const ValueSet& writer, const ValueSet& reader);

std::string NumberText(absl::int128 value);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_VALUE_SET_H_
