// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For generated code: the columns of a row struct, by its members. The work for
// each row is here and is inlined. The rest is record_columns.h.

#ifndef DEVSTATE_SERIALIZER_ROW_COLUMNS_H_
#define DEVSTATE_SERIALIZER_ROW_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/schema/value_size.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/serializer/record_columns.h"

namespace devstate {

// The members of a row struct in ascending order of field number. Each row has
//   using Members = RowMembers<...>;
//   // The bytes that it counts for without VariableSize().
//   static constexpr size_t kRecordSize = ...;
//   static const RecordTable& Table();
template <auto... kMembers>
struct RowMembers {};

template <typename Row>
class RowBuilder;
template <typename Row>
class RowReader;

// The column classes of a member of type `Value`. This one is for enums and the
// numbers of NumberTraits.
template <typename Value, typename = void>
struct ColumnOf {
  using Number = std::conditional_t<std::is_enum_v<Value>, int32_t, Value>;
  using Builder = NumberColumnBuilder<Number>;
  using Reader = NumberColumnReader<Number>;
};
template <>
struct ColumnOf<absl::string_view> {
  using Builder = BytesColumnBuilder;
  using Reader = BytesColumnReader;
};
template <typename Row>
struct ColumnOf<Row, std::void_t<typename Row::Members>> {
  using Builder = RowBuilder<Row>;
  using Reader = RowReader<Row>;
};
template <typename Value>
struct ColumnOf<std::optional<Value>> {
  using Builder = OptionalBuilder<typename ColumnOf<Value>::Builder>;
  using Reader = OptionalReader<typename ColumnOf<Value>::Reader>;
};
template <typename Value>
struct ColumnOf<absl::Span<const Value>> {
  using Builder = RepeatedBuilder<typename ColumnOf<Value>::Builder>;
  using Reader = RepeatedReader<typename ColumnOf<Value>::Reader, Value>;
};

template <typename Row, auto kMember>
using MemberType = std::decay_t<decltype(std::declval<Row&>().*kMember)>;

namespace internal {

// The column of a field that occurs exactly once takes the value alone; those
// of optional and repeated fields take its row, too.
template <typename Builder, typename Value>
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void AppendTo(Builder& builder, size_t,
                                                  const Value& value) {
  builder.Append(value);
}
template <typename Column, typename Value>
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void AppendTo(
    OptionalBuilder<Column>& builder, size_t row, const Value& value) {
  builder.Append(row, value);
}
template <typename Column, typename Value>
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void AppendTo(
    RepeatedBuilder<Column>& builder, size_t row, const Value& value) {
  builder.Append(row, value);
}

template <typename Row, typename Members>
class RowColumns;
template <typename Row, auto... kMembers>
class RowColumns<Row, RowMembers<kMembers...>> {
 public:
  using Builders =
      std::tuple<typename ColumnOf<MemberType<Row, kMembers>>::Builder...>;
  using Readers =
      std::tuple<typename ColumnOf<MemberType<Row, kMembers>>::Reader...>;

  // Everything here is to be inlined, so that a row can stay in registers:
  // std::apply() would not be.
  ABSL_ATTRIBUTE_ALWAYS_INLINE static void Append(Builders& columns, size_t row,
                                                  const Row& value) {
    AppendEach(columns, row, value, Indices());
  }
  ABSL_ATTRIBUTE_ALWAYS_INLINE static void Read(Readers& columns, size_t row,
                                                Row& value) {
    ReadEach(columns, row, value, Indices());
  }

 private:
  using Indices = std::make_index_sequence<sizeof...(kMembers)>;

  template <size_t... kIndices>
  ABSL_ATTRIBUTE_ALWAYS_INLINE static void AppendEach(
      [[maybe_unused]] Builders& columns, [[maybe_unused]] size_t row,
      [[maybe_unused]] const Row& value, std::index_sequence<kIndices...>) {
    (AppendTo(std::get<kIndices>(columns), row, value.*kMembers), ...);
  }
  template <size_t... kIndices>
  ABSL_ATTRIBUTE_ALWAYS_INLINE static void ReadEach(
      [[maybe_unused]] Readers& columns, [[maybe_unused]] size_t row,
      [[maybe_unused]] Row& value, std::index_sequence<kIndices...>) {
    (std::get<kIndices>(columns).Read(row, value.*kMembers), ...);
  }
};

}  // namespace internal

// Builds the columns of `Row`.
template <typename Row>
class RowBuilder final : public RecordColumnsBuilder {
 public:
  RowBuilder();

  // Copies `row`.
  ABSL_ATTRIBUTE_ALWAYS_INLINE void Append(const Row& row) {
    Columns::Append(builders_, size_, row);
    ++size_;
  }

 private:
  using Columns = internal::RowColumns<Row, typename Row::Members>;

  typename Columns::Builders builders_;
};

// Reads the columns of `Row`.
template <typename Row>
class RowReader final : public RecordColumnsReader {
 public:
  RowReader();

  // Reads row `i`. Requires: the rows are read one after the other, from 0.
  ABSL_ATTRIBUTE_ALWAYS_INLINE void Read(size_t i, Row& row) {
    Columns::Read(readers_, i, row);
  }

 private:
  using Columns = internal::RowColumns<Row, typename Row::Members>;

  typename Columns::Readers readers_;
};

template <typename Row>
RowBuilder<Row>::RowBuilder()
    : RecordColumnsBuilder(
          Row::Table(), std::apply(
                            [](auto&... column) {
                              return std::vector<ColumnBuilder*>{&column...};
                            },
                            builders_)) {}

template <typename Row>
RowReader<Row>::RowReader()
    : RecordColumnsReader(
          Row::Table(), std::apply(
                            [](auto&... column) {
                              return std::vector<ColumnReader*>{&column...};
                            },
                            readers_)) {}

// --- Sizes (docs/stream_format.md, "Sizes") ---

// Returns the bytes that a value counts for without its fixed size: the strings
// and the elements of repeated fields in it.
template <typename Value>
ABSL_ATTRIBUTE_ALWAYS_INLINE inline size_t VariableSize(const Value& value);

namespace internal {

template <typename Value, typename = void>
struct SizeOf {
  static constexpr size_t kFixed = kNumberSize;
  static size_t Variable(const Value&) { return 0; }
};
template <>
struct SizeOf<absl::string_view> {
  static constexpr size_t kFixed = kBytesSize;
  static size_t Variable(absl::string_view value) { return value.size(); }
};
template <typename Row>
struct SizeOf<Row, std::void_t<typename Row::Members>> {
  static constexpr size_t kFixed = Row::kRecordSize;

  ABSL_ATTRIBUTE_ALWAYS_INLINE static size_t Variable(const Row& row) {
    return OfMembers(row, typename Row::Members());
  }
  template <auto... kMembers>
  ABSL_ATTRIBUTE_ALWAYS_INLINE static size_t OfMembers(
      [[maybe_unused]] const Row& row, RowMembers<kMembers...>) {
    return (size_t{0} + ... + VariableSize(row.*kMembers));
  }
};
template <typename Value>
struct SizeOf<std::optional<Value>> {
  ABSL_ATTRIBUTE_ALWAYS_INLINE static size_t Variable(
      const std::optional<Value>& value) {
    return value.has_value() ? VariableSize(*value) : 0;
  }
};
template <typename Value>
struct SizeOf<absl::Span<const Value>> {
  static size_t Variable(absl::Span<const Value> values) {
    size_t size = values.size() * SizeOf<Value>::kFixed;
    if constexpr (!std::is_arithmetic_v<Value> && !std::is_enum_v<Value>) {
      for (const Value& value : values) size += VariableSize(value);
    }
    return size;
  }
};

}  // namespace internal

template <typename Value>
size_t VariableSize(const Value& value) {
  return internal::SizeOf<Value>::Variable(value);
}

// Returns the bytes that a row counts for.
template <typename Row>
ABSL_ATTRIBUTE_ALWAYS_INLINE inline size_t RowSize(const Row& row) {
  return Row::kRecordSize + VariableSize(row);
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ROW_COLUMNS_H_
