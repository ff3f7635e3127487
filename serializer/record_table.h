// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a codec has to know of a schema: plain constants, which the code
// generator writes and dynamic/ makes of a schema at run time. Everything that
// is done with records, but for the rows themselves, is driven by these tables.

#ifndef DEVSTATE_SERIALIZER_RECORD_TABLE_H_
#define DEVSTATE_SERIALIZER_RECORD_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "devstate/columns.pb.h"
#include "devstate/schema/presence.h"

namespace devstate {

// What annotations allow of one column of numbers; see
// schema/column_bounds.h, from which it is made.
struct BoundsEntry {
  enum class Column : uint8_t {
    // How often the field occurs in each row.
    kCounts,
    // Its values: numbers, bools, enums.
    kNumbers,
    // The lengths of its values in bytes: strings, bytes.
    kLengths,
  };

  Column column;
  // Records of an older schema version are not checked. 0: all are.
  uint32_t since;
  // Whether values are from `low` to `high`, both inclusive; NaN never is. Both
  // are the column's type: integers extended to 64 bits, or the bits of a
  // float or a double.
  bool bounded;
  uint64_t low;
  uint64_t high;
  // No bits of 0: what a scalar without presence has if it is not set.
  bool not_zero;
  // Only with `low` above 0; integers only.
  bool power_of_two;
  // If not empty, the only values, in ascending order, the first being `low`
  // and the last `high`; integers only.
  absl::Span<const uint64_t> one_of;
  // Zero is allowed as well: the field belongs to a feature that a record need
  // not use.
  bool may_be_unused;
  // Zero means that the field is missing, and it is required.
  bool required;
  // Errors do not show the value.
  bool sensitive;
  // What stands behind a value in errors: " bytes".
  const char* unit;
  // All of the above in words: "at least 1".
  const char* allowed;
};

// A field of a record.
struct FieldEntry {
  uint32_t number;
  const char* name;
  // Of kMap, entries have the key as their first field.
  Presence presence;
  // What its values are in a column; unspecified for messages.
  ColumnKind kind;
  // What one occurrence counts for beside strings and repeated fields in it, in
  // bytes (docs/stream_format.md, "Sizes"); 0 if the field does not repeat.
  uint32_t value_size;
  // Of an enum, the numbers that it names, in ascending order.
  absl::Span<const int32_t> enum_values;
  absl::Span<const BoundsEntry> bounds;

  Cardinality cardinality() const { return CardinalityOf(presence); }
  bool is_message() const { return kind == COLUMN_KIND_UNSPECIFIED; }
};

// A oneof of a record.
struct OneofEntry {
  const char* name;
  // Names of its fields, as in "a, b, c".
  const char* member_names;
  // Indices of its fields in RecordTable::fields.
  absl::Span<const uint16_t> members;
};

// A message that records consist of.
struct RecordTable {
  // In ascending order of number.
  absl::Span<const FieldEntry> fields;
  absl::Span<const OneofEntry> oneofs;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_RECORD_TABLE_H_
