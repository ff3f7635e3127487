// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the value annotations of a field allow in the columns it travels in:
// derived here, and nowhere else, for generated code, gates and tools.

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
    // How often the field occurs in each row.
    kCounts,
    // Its values: numbers, bools, enums.
    kNumbers,
    // The lengths of its values in bytes: strings, bytes.
    kLengths,
  };

  Column column = Column::kNumbers;
  // Whether `values` is narrower than the type.
  bool bounded = false;
  // If `bounded`, what is allowed: where it is a list, `low` and `high` are its
  // first and last.
  ValueSet values;
  // Whether zero is refused although `values` may have it. A float or double is
  // zero if all of its bits are.
  bool not_zero = false;
  // Zero means that the field is missing, and it is required.
  bool required = false;
  // Zero is allowed although `values` lacks it: the field belongs to a feature
  // that the state need not use.
  bool may_be_unused = false;
  // Errors do not show the value.
  bool sensitive = false;
  // Records of an older schema version are not checked: `absent_default` says
  // what the field is in them. 0: all are.
  uint32_t since = 0;
  // The text after a value in errors: " bytes".
  std::string unit;
  // All of the above in words: "1 to 255", "at most 3 elements".
  std::string allowed;

  bool Allows(absl::int128 value) const;
  // The same for a float or a double. NaN is within no bounds.
  bool AllowsReal(double value) const;
};

// Returns the bounds of `field` in the order in which they are checked: none
// for a field without value annotations, and none of annotations that make no
// sense for its type. `required` on a field with a feature counts if
// `feature_used`, which is not to be seen in a column.
std::vector<ColumnBounds> BoundsOf(const FieldModel& field, bool feature_used);

// Returns whether min, max, power_of_two and one_of may be set: for numbers
// other than bools and enums, the last two for integers only.
bool TakesBounds(const FieldModel& field);

// Returns whether min, max, power_of_two and one_of of an integer field leave a
// value, other than zero if the field is required and says it by that.
bool LeavesAValue(const FieldModel& field);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_COLUMN_BOUNDS_H_
