// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Columns of numbers: proto/devstate/columns.proto in C++.

#ifndef DEVSTATE_SERIALIZER_NUMBER_COLUMN_H_
#define DEVSTATE_SERIALIZER_NUMBER_COLUMN_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/schema/value_kind.h"
#include "devstate/serializer/column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/internal/varint.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/row_kind.h"

namespace devstate {

// The form in which a C++ type travels in a column: an unsigned number of its
// own width. T is bool, uint32_t, uint64_t, int32_t (enums too), int64_t, float
// or double.
template <typename T>
struct NumberTraits {
  using Bits = std::conditional_t<
      sizeof(T) == 1, uint8_t,
      std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>;
  static constexpr ValueKind kKind =
      std::is_same_v<T, float>    ? ValueKind::kFloat
      : std::is_same_v<T, double> ? ValueKind::kDouble
      : std::is_signed_v<T>       ? ValueKind::kSigned
                                  : ValueKind::kUnsigned;
  static constexpr bool kZigZag = kKind == ValueKind::kSigned;
  static constexpr ScalarType kType =
      std::is_same_v<T, bool>       ? ScalarType::kBool
      : std::is_same_v<T, int32_t>  ? ScalarType::kInt32
      : std::is_same_v<T, int64_t>  ? ScalarType::kInt64
      : std::is_same_v<T, uint32_t> ? ScalarType::kUint32
      : std::is_same_v<T, uint64_t> ? ScalarType::kUint64
      : std::is_same_v<T, float>    ? ScalarType::kFloat
                                    : ScalarType::kDouble;

  static Bits ToBits(T value) {
    if constexpr (kZigZag) {
      return static_cast<Bits>(ZigZag(value));
    } else {
      Bits bits;
      std::memcpy(&bits, &value, sizeof(bits));
      return bits;
    }
  }
  static T FromBits(Bits bits) {
    if constexpr (kZigZag) {
      return static_cast<T>(UnZigZag(bits));
    } else if constexpr (std::is_same_v<T, bool>) {
      return bits != 0;
    } else {
      T value;
      std::memcpy(&value, &bits, sizeof(value));
      return value;
    }
  }
};

// --- The codec: for Bits of uint8_t, uint32_t and uint64_t ---

// Appends field `field` with a NumberColumn of `values`, in the encoding that
// takes the fewest bytes. Appends nothing if all values are 0.
template <typename Bits>
void EncodeNumbers(uint32_t field, ValueKind kind, const Bits* values,
                   size_t count, MessageWriter& out);

// Compares the kind that a column has with the schema's. UNKNOWN_CONTENT if it
// is one that this release does not name, MALFORMED if it is another one.
absl::Status CheckKind(uint64_t found, ValueKind expected,
                       const DecodeContext& context);

// Decodes the NumberColumn `column` of `count` values, which the caller has
// charged to the memory limit. A column of one value for all rows sets
// `constant` and stores that one value; any other stores `count` values. Values
// that do not fit Bits are an error.
template <typename Bits>
absl::Status DecodeNumbers(absl::string_view column, ValueKind kind,
                           size_t count, DecodeContext& context,
                           UninitializedBuffer<Bits>& values, bool* constant);

// --- Builder and reader ---

template <typename T>
class NumberColumnBuilder final : public ColumnBuilder {
 public:
  using Traits = NumberTraits<T>;
  using Bits = typename Traits::Bits;

  void Append(T value) { bits_.push_back(Traits::ToBits(value)); }
  // Appends `count` values, each of which `for_each` hands to its argument with
  // its index.
  template <typename ForEach>
  void AppendEach(size_t count, const ForEach& for_each) {
    Bits* const bits = bits_.Extend(count);
    for_each([bits](size_t i, T value) { bits[i] = Traits::ToBits(value); });
  }
  void AppendTimes(size_t count, T value) {
    Bits* const bits = bits_.Extend(count);
    std::fill_n(bits, count, Traits::ToBits(value));
  }
  // Appends zeros up to `size` values.
  void PadWithZeros(size_t size) {
    const size_t old_size = bits_.size();
    bits_.ResizeUninitialized(size);
    std::memset(bits_.data() + old_size, 0, (size - old_size) * sizeof(Bits));
  }
  size_t size() const { return bits_.size(); }
  absl::Span<const Bits> stored() const { return {bits_.data(), bits_.size()}; }
  void Encode(uint32_t number, MessageWriter& out) const {
    EncodeNumbers<Bits>(number, Traits::kKind, bits_.data(), bits_.size(), out);
  }

  // Returns OK, because any number can be written.
  absl::Status Validate(const FieldEntry&, RowKind) const override {
    return absl::OkStatus();
  }
  void EncodeAs(const FieldEntry&, uint32_t number, size_t,
                MessageWriter& out) override {
    Encode(number, out);
  }
  void Clear() override { bits_.clear(); }
  NumbersView Stored(BoundsEntry::Column column) const override;
  size_t FirstRowWithKeyTwice(absl::Span<const uint32_t> counts) const override;

 private:
  UninitializedBuffer<Bits> bits_;
};

template <typename T>
class NumberColumnReader final : public ColumnReader {
 public:
  using Traits = NumberTraits<T>;
  using Bits = typename Traits::Bits;

  absl::Status Decode(absl::string_view column, size_t count,
                      DecodeContext& context);

  // Returns the bits of `count` rows at once.
  std::vector<Bits> Values(size_t count) const;

  // Returns row `i`. Requires: `i` is less than the count given to Decode().
  T operator[](size_t i) const { return Traits::FromBits(bits_[i & mask_]); }
  template <typename U>
  void Read(size_t i, U& value) const {
    value = static_cast<U>((*this)[i]);
  }

  // Calls `visit(k, value)` for the `count` rows from row `i` on, k from 0. The
  // loop uses locals alone: what `visit` stores could change members. Requires:
  // `count` is not 0.
  template <typename Visit>
  void ForEach(size_t i, size_t count, const Visit& visit) const {
    const Bits* const bits = bits_.data() + (i & mask_);
    if (mask_ == 0) {
      const T value = Traits::FromBits(*bits);
      for (size_t k = 0; k < count; ++k) visit(k, value);
    } else {
      for (size_t k = 0; k < count; ++k) visit(k, Traits::FromBits(bits[k]));
    }
  }

  // Returns whether `valid` holds for every value.
  template <typename Predicate>
  bool AllOf(size_t count, Predicate valid) const {
    if (mask_ == 0 && count != 0) count = 1;
    for (size_t i = 0; i < count; ++i) {
      if (!valid((*this)[i])) return false;
    }
    return true;
  }

  // Returns the bits of `count` values, or of one if they are all the same.
  absl::Span<const Bits> stored(size_t count) const {
    return {bits_.data(), mask_ == 0 ? std::min<size_t>(count, 1) : count};
  }

  // Returns the sum of all values, for the counts of occurrences.
  uint64_t Sum(size_t count) const;

  void SetDefault() override {
    bits_.ResizeUninitialized(1);
    bits_[0] = 0;
    mask_ = 0;
  }
  absl::Status DecodeAs(const FieldEntry&, absl::string_view column,
                        size_t count, DecodeContext& context) override {
    return Decode(column, count, context);
  }
  NumbersView Stored(BoundsEntry::Column column, size_t count) const override;
  size_t FirstRowWithKeyTwice(absl::Span<const uint32_t> counts) const override;
  void AppendKeys(absl::Span<std::string> keys) const override;

 private:
  UninitializedBuffer<Bits> bits_;
  size_t mask_ = 0;
};

#define DEVSTATE_DECLARE(T)                     \
  extern template class NumberColumnBuilder<T>; \
  extern template class NumberColumnReader<T>
DEVSTATE_DECLARE(bool);
DEVSTATE_DECLARE(int32_t);
DEVSTATE_DECLARE(int64_t);
DEVSTATE_DECLARE(uint32_t);
DEVSTATE_DECLARE(uint64_t);
DEVSTATE_DECLARE(float);
DEVSTATE_DECLARE(double);
#undef DEVSTATE_DECLARE

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_NUMBER_COLUMN_H_
