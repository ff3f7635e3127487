// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Nearly every column breaks no constraint. So a first loop, which the compiler
// can vectorize, only tells whether all values are allowed. Only if they are
// not, or if that loop cannot tell, a slower one looks for the first that is
// not.

#include "devstate/serializer/constraints.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "devstate/serializer/internal/varint.h"
#include "devstate/serializer/internal/vectorized.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {
namespace {

template <typename T>
using BitsOf = typename NumberTraits<T>::Bits;

// The distance of an integer from `low`, modulo 2^width: what is below becomes
// large, so that one comparison is enough for both bounds.
template <typename T>
BitsOf<T> DistanceFrom(T low, BitsOf<T> bits) {
  return static_cast<BitsOf<T>>(
      static_cast<BitsOf<T>>(NumberTraits<T>::FromBits(bits)) -
      static_cast<BitsOf<T>>(low));
}

template <typename T>
DEVSTATE_VECTORIZED bool AnyOutside(const BitsOf<T>* bits, size_t count, T low,
                                    T high) {
  BitsOf<T> outside = 0;
  if constexpr (std::is_floating_point_v<T>) {
    for (size_t i = 0; i < count; ++i) {
      const T value = NumberTraits<T>::FromBits(bits[i]);
      outside |= static_cast<BitsOf<T>>(!(value >= low) | !(value <= high));
    }
  } else {
    const auto span = static_cast<BitsOf<T>>(static_cast<BitsOf<T>>(high) -
                                             static_cast<BitsOf<T>>(low));
    for (size_t i = 0; i < count; ++i) {
      outside |= static_cast<BitsOf<T>>(DistanceFrom<T>(low, bits[i]) > span);
    }
  }
  return outside != 0;
}

template <typename Bits>
DEVSTATE_VECTORIZED bool AnyZero(const Bits* bits, size_t count) {
  Bits zero = 0;
  for (size_t i = 0; i < count; ++i) {
    zero |= static_cast<Bits>(bits[i] == 0);
  }
  return zero != 0;
}

// Of values above 0.
template <typename T>
DEVSTATE_VECTORIZED bool AnyWithTwoBits(const BitsOf<T>* bits, size_t count) {
  BitsOf<T> lower_bits = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto value =
        static_cast<BitsOf<T>>(NumberTraits<T>::FromBits(bits[i]));
    lower_bits |= static_cast<BitsOf<T>>(value & (value - 1));
  }
  return lower_bits != 0;
}

// Of values from `low` to `low` + 63: bit i of `mask` allows `low` + i.
template <typename T>
DEVSTATE_VECTORIZED bool AnyNotInMask(const BitsOf<T>* bits, size_t count,
                                      T low, uint64_t mask) {
  uint64_t missing = 0;
  for (size_t i = 0; i < count; ++i) {
    missing |= ~mask >> (DistanceFrom<T>(low, bits[i]) & 63) & 1;
  }
  return missing != 0;
}

template <typename T>
bool IsAllowed(BitsOf<T> bits, const NumberConstraint<T>& constraint) {
  if (constraint.may_be_unused && bits == 0) return true;
  if (constraint.not_zero && bits == 0) return false;
  if (constraint.bounded &&
      AnyOutside<T>(&bits, 1, constraint.low, constraint.high)) {
    return false;
  }
  if (constraint.power_of_two && AnyWithTwoBits<T>(&bits, 1)) return false;
  return constraint.one_of.empty() ||
         std::binary_search(constraint.one_of.begin(), constraint.one_of.end(),
                            NumberTraits<T>::FromBits(bits));
}

// Whether all values are allowed; false if that takes a closer look.
template <typename T>
bool AllAllowed(const BitsOf<T>* bits, size_t count,
                const NumberConstraint<T>& constraint) {
  if (constraint.not_zero && AnyZero(bits, count)) return false;
  if (constraint.bounded &&
      AnyOutside<T>(bits, count, constraint.low, constraint.high)) {
    return false;
  }
  if constexpr (!std::is_floating_point_v<T>) {
    if (constraint.power_of_two && AnyWithTwoBits<T>(bits, count)) return false;
    if (!constraint.one_of.empty()) {
      const T low = constraint.low;
      const auto distance = [low](T value) {
        return DistanceFrom<T>(low, NumberTraits<T>::ToBits(value));
      };
      if (distance(constraint.high) >= 64) return false;
      uint64_t mask = 0;
      for (const T value : constraint.one_of) {
        mask |= uint64_t{1} << distance(value);
      }
      return !AnyNotInMask<T>(bits, count, low, mask);
    }
  }
  return true;
}

// The index of the first value that is not allowed, or that of the end.
template <typename T>
size_t FirstNotAllowed(absl::Span<const BitsOf<T>> bits,
                       const NumberConstraint<T>& constraint) {
  if (AllAllowed<T>(bits.data(), bits.size(), constraint)) return bits.size();
  const auto found = std::find_if_not(
      bits.begin(), bits.end(),
      [&](BitsOf<T> value) { return IsAllowed<T>(value, constraint); });
  return static_cast<size_t>(found - bits.begin());
}

// The value that a table has as `image`.
template <typename T>
T FromImage(uint64_t image) {
  if constexpr (std::is_floating_point_v<T>) {
    return NumberTraits<T>::FromBits(static_cast<BitsOf<T>>(image));
  } else {
    return static_cast<T>(image);
  }
}

template <typename T>
ConstraintViolation FindViolationOf(const NumbersView& numbers, size_t count,
                                    const BoundsEntry& bounds, RowKind rows) {
  absl::InlinedVector<T, 8> one_of;
  for (const uint64_t image : bounds.one_of) {
    one_of.push_back(FromImage<T>(image));
  }
  const NumberConstraint<T> constraint = {bounds.bounded,
                                          FromImage<T>(bounds.low),
                                          FromImage<T>(bounds.high),
                                          bounds.not_zero,
                                          bounds.power_of_two,
                                          one_of,
                                          bounds.may_be_unused,
                                          bounds.required,
                                          bounds.sensitive,
                                          bounds.unit,
                                          bounds.allowed};
  const auto* bits = static_cast<const BitsOf<T>*>(numbers.bits);
  ConstraintViolation violation =
      FindViolation<T>({bits, numbers.size}, constraint, rows);
  if (violation.text.empty() && numbers.size < count) {
    const BitsOf<T> zero = 0;
    violation = FindViolation<T>({&zero, 1}, constraint, rows, numbers.size);
  }
  return violation;
}

// The index of the first of `numbers` that is not one of `values`.
size_t FirstUnnamed(const NumbersView& numbers,
                    absl::Span<const int32_t> values) {
  NumberConstraint<int32_t> constraint = {};
  constraint.bounded = true;
  constraint.low = values.front();
  constraint.high = values.back();
  const bool gaps = static_cast<int64_t>(values.back()) - values.front() + 1 !=
                    static_cast<int64_t>(values.size());
  if (gaps) constraint.one_of = values;
  return FirstNotAllowed<int32_t>(
      {static_cast<const uint32_t*>(numbers.bits), numbers.size}, constraint);
}

}  // namespace

template <typename T>
ConstraintViolation FindViolation(absl::Span<const BitsOf<T>> bits,
                                  const NumberConstraint<T>& constraint,
                                  RowKind rows, size_t first) {
  const size_t found = FirstNotAllowed<T>(bits, constraint);
  if (found == bits.size()) return {};
  const std::string value =
      constraint.sensitive
          ? "a value that is not shown"
          : absl::StrCat(NumberTraits<T>::FromBits(bits[found]),
                         constraint.unit);
  return {absl::StrCat(RowText(rows, first + found), " has ", value,
                       ", allowed is ", constraint.allowed),
          /*missing=*/constraint.required && bits[found] == 0};
}

ConstraintViolation FindViolation(const NumbersView& numbers, size_t count,
                                  const BoundsEntry& bounds, RowKind rows) {
  switch (numbers.type) {
    case ScalarType::kBool:
      return FindViolationOf<bool>(numbers, count, bounds, rows);
    case ScalarType::kInt32:
      return FindViolationOf<int32_t>(numbers, count, bounds, rows);
    case ScalarType::kInt64:
      return FindViolationOf<int64_t>(numbers, count, bounds, rows);
    case ScalarType::kUint32:
      return FindViolationOf<uint32_t>(numbers, count, bounds, rows);
    case ScalarType::kUint64:
      return FindViolationOf<uint64_t>(numbers, count, bounds, rows);
    case ScalarType::kFloat:
      return FindViolationOf<float>(numbers, count, bounds, rows);
    case ScalarType::kDouble:
      break;
  }
  return FindViolationOf<double>(numbers, count, bounds, rows);
}

absl::Status CheckEnum(const NumbersView& numbers,
                       absl::Span<const int32_t> values,
                       const DecodeContext& context) {
  if (FirstUnnamed(numbers, values) == numbers.size) return absl::OkStatus();
  return context.Error(ERROR_REASON_UNKNOWN_CONTENT,
                       "an enum has a value that the schema does not name: "
                       "update the reader");
}

absl::Status ValidateEnum(const NumbersView& numbers,
                          absl::Span<const int32_t> values, RowKind rows) {
  const size_t row = FirstUnnamed(numbers, values);
  if (row == numbers.size) return absl::OkStatus();
  const uint32_t bits = static_cast<const uint32_t*>(numbers.bits)[row];
  return absl::InvalidArgumentError(absl::StrCat(
      RowText(rows, row), " has ", NumberTraits<int32_t>::FromBits(bits),
      ", allowed are the values that the enum names"));
}

absl::Status ViolationError(const ConstraintViolation& violation,
                            const DecodeContext& context) {
  if (violation.text.empty()) return absl::OkStatus();
  if (!violation.missing) {
    return context.Error(
        ERROR_REASON_CONSTRAINT,
        absl::StrCat(violation.text,
                     ": correct the writer, or, if its schema allows the "
                     "value, widen this reader's"));
  }
  absl::Status error =
      context.Error(ERROR_REASON_CONSTRAINT,
                    absl::StrCat(violation.text,
                                 ": the field is required, save with a writer "
                                 "that fills it"));
  SetRequiredMissing(&error);
  return error;
}

absl::Status ViolationError(const ConstraintViolation& violation,
                            absl::string_view field) {
  if (violation.text.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", violation.text,
                   ": no reader would load it, save what the schema allows"));
}

#define DEVSTATE_INSTANTIATE(T)                                                \
  template ConstraintViolation FindViolation(absl::Span<const BitsOf<T>> bits, \
                                             const NumberConstraint<T>&,       \
                                             RowKind, size_t)
DEVSTATE_INSTANTIATE(bool);
DEVSTATE_INSTANTIATE(int32_t);
DEVSTATE_INSTANTIATE(int64_t);
DEVSTATE_INSTANTIATE(uint32_t);
DEVSTATE_INSTANTIATE(uint64_t);
DEVSTATE_INSTANTIATE(float);
DEVSTATE_INSTANTIATE(double);
#undef DEVSTATE_INSTANTIATE

}  // namespace devstate
