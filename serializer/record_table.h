// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The tables of a schema that drive its codec. They are plain constants, which
// the code generator writes and dynamic/ makes of a schema at run time. Only
// the rows themselves are not driven by them.

#ifndef DEVSTATE_SERIALIZER_RECORD_TABLE_H_
#define DEVSTATE_SERIALIZER_RECORD_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "devstate/schema/presence.h"
#include "devstate/schema/value_kind.h"

namespace devstate {

// The bounds that annotations set to one column of numbers. They are made from
// those of schema/column_bounds.h.
struct BoundsEntry {
  enum class Column : uint8_t {
    // The numbers of occurrences of the field in each row.
    kCounts,
    // The field's values: numbers, bools, enums.
    kNumbers,
    // The lengths of the field's values in bytes: strings, bytes.
    kLengths,
  };

  Column column;
  // The first version of the schema whose records are checked. 0 checks all.
  uint32_t since;
  // Whether values must be from `low` to `high`, both inclusive. NaN never is
  // within. Both have the column's type: integers are extended to 64 bits,
  // floats and doubles are their bits.
  bool bounded;
  uint64_t low;
  uint64_t high;
  // Whether the bits must not be 0, which a scalar without presence has if it
  // is not set.
  bool not_zero;
  // Whether values must be powers of two. Only with `low` above 0, and only for
  // integers.
  bool power_of_two;
  // If not empty, the only values in ascending order. The first is `low`, the
  // last `high`. Only for integers.
  absl::Span<const uint64_t> one_of;
  // Whether zero is allowed as well, because the field belongs to a feature
  // that a record need not use.
  bool may_be_unused;
  // Whether the field is required, so that zero means that it is missing.
  bool required;
  // Whether errors hide the value.
  bool sensitive;
  // The text that follows a value in errors: " bytes".
  const char* unit;
  // All members above in words: "at least 1".
  const char* allowed;
};

// A field of a record.
struct FieldEntry {
  uint32_t number;
  const char* name;
  // For kMap, the first field of the entries is the key.
  Presence presence;
  // The kind of the field's values in a column; unspecified for messages.
  ValueKind kind;
  // The bytes that one occurrence counts for, without the strings and repeated
  // fields in it (docs/stream_format.md, "Sizes"). 0 if the field does not
  // repeat.
  uint32_t value_size;
  // The numbers that an enum names, in ascending order.
  absl::Span<const int32_t> enum_values;
  absl::Span<const BoundsEntry> bounds;

  Cardinality cardinality() const { return CardinalityOf(presence); }
  bool is_message() const { return kind == ValueKind::kUnspecified; }
};

// A oneof of a record.
struct OneofEntry {
  const char* name;
  // The names of the oneof's fields, as in "a, b, c".
  const char* member_names;
  // The indices of the oneof's fields in RecordTable::fields.
  absl::Span<const uint16_t> members;
};

// A message that records consist of.
struct RecordTable {
  // The message's fields in ascending order of number.
  absl::Span<const FieldEntry> fields;
  absl::Span<const OneofEntry> oneofs;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_RECORD_TABLE_H_
