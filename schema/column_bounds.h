// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The bounds that the value annotations of a field set to the columns it
// travels in. Generated code, gates and tools all take them from here.

#ifndef DEVSTATE_SCHEMA_COLUMN_BOUNDS_H_
#define DEVSTATE_SCHEMA_COLUMN_BOUNDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "devstate/schema/value_set.h"

namespace devstate {

struct FieldModel;

// The bounds of one column.
struct ColumnBounds {
  enum class Column {
    // The numbers of occurrences of the field in each row.
    kCounts,
    // The field's values: numbers, bools, enums.
    kNumbers,
    // The lengths of the field's values in bytes: strings, bytes.
    kLengths,
  };

  Column column = Column::kNumbers;
  // Whether `values` is narrower than the type.
  bool bounded = false;
  // The allowed values if `bounded`. Where they are a list, `low` and `high`
  // are its first and last.
  ValueSet values;
  // Whether zero is refused although `values` may have it. A float or double is
  // zero if all of its bits are.
  bool not_zero = false;
  // Whether the field is required, so that zero means that it is missing.
  bool required = false;
  // Whether zero is allowed although `values` lacks it, because the field
  // belongs to a feature that the state need not use.
  bool may_be_unused = false;
  // Whether errors hide the value.
  bool sensitive = false;
  // The first version of the schema whose records are checked. In older ones,
  // `absent_default` says what the field is. 0 checks all records.
  uint32_t since = 0;
  // The text that follows a value in errors: " bytes".
  std::string unit;
  // All members above in words: "1 to 255", "at most 3 elements".
  std::string allowed;

  bool Allows(absl::int128 value) const;
  // Returns the same for a float or a double. NaN is within no bounds.
  bool AllowsReal(double value) const;
};

// Returns the bounds of `field` in the order in which they are checked. There
// are none for a field without value annotations, and none of annotations that
// make no sense for its type. `required` on a field with a feature counts if
// `feature_used`, which a column does not show.
std::vector<ColumnBounds> BoundsOf(const FieldModel& field, bool feature_used);

// Returns whether min, max, power_of_two and one_of may be set. They may for
// numbers other than bools and enums, the last two for integers only.
bool TakesBounds(const FieldModel& field);

// Returns whether min, max, power_of_two and one_of of an integer field leave a
// value. If a required field shows by zero that it is missing, zero is not such
// a value.
bool LeavesAValue(const FieldModel& field);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_COLUMN_BOUNDS_H_
