// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For generated code: what the annotations of proto/devstate/options.proto
// allow of a field, checked column by column.

#ifndef DEVSTATE_SERIALIZER_CONSTRAINTS_H_
#define DEVSTATE_SERIALIZER_CONSTRAINTS_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/number_column.h"
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

// --- When a batch is read ---

// CONSTRAINT, of the field under way, or OK.
absl::Status ViolationError(const ConstraintViolation& violation,
                            const DecodeContext& context);

template <typename T>
absl::Status CheckColumn(absl::Span<const typename NumberTraits<T>::Bits> bits,
                         const NumberConstraint<T>& constraint, RowKind rows,
                         const DecodeContext& context) {
  return ViolationError(FindViolation(bits, constraint, rows), context);
}

// --- When a batch is written ---

// INVALID_ARGUMENT, of `field`, or OK.
absl::Status ViolationError(const ConstraintViolation& violation,
                            absl::string_view field);

template <typename T>
absl::Status ValidateColumn(
    absl::string_view field,
    absl::Span<const typename NumberTraits<T>::Bits> bits,
    const NumberConstraint<T>& constraint, RowKind rows) {
  return ViolationError(FindViolation(bits, constraint, rows), field);
}

// How often the field occurs in each of `count` rows; not at all in those
// beyond `counts`.
template <typename T>
absl::Status ValidateCounts(
    absl::string_view field,
    absl::Span<const typename NumberTraits<T>::Bits> counts, size_t count,
    const NumberConstraint<T>& constraint, RowKind rows) {
  ConstraintViolation violation = FindViolation(counts, constraint, rows);
  if (violation.text.empty() && counts.size() < count) {
    const typename NumberTraits<T>::Bits zero = 0;
    violation = FindViolation<T>({&zero, 1}, constraint, rows, counts.size());
  }
  return ViolationError(violation, field);
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_CONSTRAINTS_H_
