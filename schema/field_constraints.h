// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the value annotations of a field ask of the columns it travels in.

#ifndef DEVSTATE_SCHEMA_FIELD_CONSTRAINTS_H_
#define DEVSTATE_SCHEMA_FIELD_CONSTRAINTS_H_

#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "devstate/schema/record_model.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Of one column; serializer/constraints.h says what the parts mean.
struct FieldConstraint {
  enum class Column {
    // How often the field occurs in each row.
    kCounts,
    // Its values: numbers, bools, enums.
    kNumbers,
    // The lengths of its values: strings, bytes.
    kLengths,
  };

  Column column;
  // The bounds are integers for every type, and those of the type where an
  // annotation sets none.
  bool bounded = false;
  absl::int128 low = 0;
  absl::int128 high = 0;
  bool not_zero = false;
  bool power_of_two = false;
  std::vector<absl::int128> one_of;
  bool may_be_unused = false;
  bool sensitive = false;
  std::string unit;
  std::string allowed;
  // States of an older schema version are not checked: absent_default says what
  // the field is in them. 0: all are.
  uint32_t since = 0;
};

// In the order in which they are checked; none for a field without value
// annotations. Of a field with a feature, `required` is left out: whether the
// feature is used is not to be seen in a column.
std::vector<FieldConstraint> FieldConstraintsOf(const RecordField& field);

// Whether min, max, power_of_two and one_of of an integer field leave a value,
// other than zero if the field is required and says it by that.
bool HasAllowedNumber(const google::protobuf::FieldDescriptor& field);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_FIELD_CONSTRAINTS_H_
