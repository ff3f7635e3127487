// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the annotations of proto/devstate/options.proto allow of a field, and
// enums by their nature, checked column by column.

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

// What a column of numbers may hold: the values of a field, the lengths of its
// strings, or how often it occurs in each row. T is as in NumberTraits.
template <typename T>
struct NumberConstraint {
  // Whether values are from `low` to `high`, both inclusive; `low` is not above
  // `high`. NaN never is.
  bool bounded;
  T low;
  T high;
  // No bits of 0: what a scalar without presence has if it is not set.
  bool not_zero;
  // Only with `low` above 0; integers only.
  bool power_of_two;
  // If not empty, the only values, in ascending order, the first being `low`
  // and the last `high`; integers only.
  absl::Span<const T> one_of;
  // Zero is allowed as well: the field belongs to a feature that a record need
  // not use.
  bool may_be_unused;
  // Zero means that the field is missing, and it is required.
  bool required;
  // Errors do not show the value.
  bool sensitive;
  // What stands behind a value in errors: " bytes".
  absl::string_view unit;
  // All of the above in words, "at least 1".
  absl::string_view allowed;
};

// The first value that breaks a constraint.
struct ConstraintViolation {
  // "record 17 of the batch has 0, allowed is at least 1"; empty if no value
  // breaks it.
  std::string text;
  // Whether it is none at all, of a required field.
  bool missing = false;
};

// Returns the first violation. Takes a fraction of the time that decoding
// takes. `bits` is what stored() of a column has; its first value is that of
// row `first`.
template <typename T>
ConstraintViolation FindViolation(
    absl::Span<const typename NumberTraits<T>::Bits> bits,
    const NumberConstraint<T>& constraint, RowKind rows, size_t first = 0);

// The same for a column of any type. Of fewer numbers than `count`, the rest is
// 0.
ConstraintViolation FindViolation(const NumbersView& numbers, size_t count,
                                  const BoundsEntry& bounds, RowKind rows);

// CONSTRAINT, of the field under way, or OK: when a batch is read.
absl::Status ViolationError(const ConstraintViolation& violation,
                            const DecodeContext& context);
// INVALID_ARGUMENT, of `field`, or OK: when a batch is written.
absl::Status ViolationError(const ConstraintViolation& violation,
                            absl::string_view field);

// Whether `values`, in ascending order, has all of `numbers`: enums are closed.
// UNKNOWN_CONTENT, of the field under way, or OK.
absl::Status CheckEnum(const NumbersView& numbers,
                       absl::Span<const int32_t> values,
                       const DecodeContext& context);
// INVALID_ARGUMENT, with the row, or OK.
absl::Status ValidateEnum(const NumbersView& numbers,
                          absl::Span<const int32_t> values, RowKind rows);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_CONSTRAINTS_H_
