// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The checks of annotations, column by column: what those of
// proto/devstate/options.proto allow of a field, and that enums are closed.

#ifndef DEVSTATE_SERIALIZER_CONSTRAINTS_H_
#define DEVSTATE_SERIALIZER_CONSTRAINTS_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/serializer/column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/record_table.h"
#include "devstate/serializer/row_kind.h"

namespace devstate {

// The bounds of a column of numbers. The numbers are the values of a field, the
// lengths of its strings, or how often it occurs in each row. T is as in
// NumberTraits.
template <typename T>
struct NumberConstraint {
  // Whether values must be from `low` to `high`, both inclusive. `low` is not
  // above `high`. NaN never is within.
  bool bounded;
  T low;
  T high;
  // Whether the bits must not be 0, which a scalar without presence has if it
  // is not set.
  bool not_zero;
  // Whether values must be powers of two. Only with `low` above 0, and only for
  // integers.
  bool power_of_two;
  // If not empty, the only values in ascending order. The first is `low`, the
  // last `high`. Only for integers.
  absl::Span<const T> one_of;
  // Whether zero is allowed as well, because the field belongs to a feature
  // that a record need not use.
  bool may_be_unused;
  // Whether the field is required, so that zero means that it is missing.
  bool required;
  // Whether errors hide the value.
  bool sensitive;
  // The text that follows a value in errors: " bytes".
  absl::string_view unit;
  // All members above in words: "at least 1".
  absl::string_view allowed;
};

// The first value that breaks a constraint.
struct ConstraintViolation {
  // "record 17 of the batch has 0, allowed is at least 1"; empty if no value
  // breaks it.
  std::string text;
  // Whether the value is missing in a required field.
  bool missing = false;
};

// Returns the first violation. Takes a fraction of the time of decoding. `bits`
// comes from a column's stored(); its first value is that of row `first`.
template <typename T>
ConstraintViolation FindViolation(
    absl::Span<const typename NumberTraits<T>::Bits> bits,
    const NumberConstraint<T>& constraint, RowKind rows, size_t first = 0);

// Returns the first violation in a column of any type. If it has fewer numbers
// than `count`, the missing ones are 0.
ConstraintViolation FindViolation(const NumbersView& numbers, size_t count,
                                  const BoundsEntry& bounds, RowKind rows);

// Returns the error of the current field when a batch is read: CONSTRAINT, or
// OK without a violation.
absl::Status ViolationError(const ConstraintViolation& violation,
                            const DecodeContext& context);
// Returns the error of `field` when a batch is written: INVALID_ARGUMENT, or OK
// without a violation.
absl::Status ViolationError(const ConstraintViolation& violation,
                            absl::string_view field);

// Checks that `values`, which are in ascending order, have all of `numbers`,
// because enums are closed. UNKNOWN_CONTENT, of the current field, or OK.
absl::Status CheckEnum(const NumbersView& numbers,
                       absl::Span<const int32_t> values,
                       const DecodeContext& context);
// Checks the same when a batch is written. INVALID_ARGUMENT, with the row, or
// OK.
absl::Status ValidateEnum(const NumbersView& numbers,
                          absl::Span<const int32_t> values, RowKind rows);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_CONSTRAINTS_H_
