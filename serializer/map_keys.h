// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Maps in columns are repeated entries, so a key could occur twice in a record:
// protobuf parsers of one language keep the last entry, others the first.

#ifndef DEVSTATE_SERIALIZER_MAP_KEYS_H_
#define DEVSTATE_SERIALIZER_MAP_KEYS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/serializer/row_kind.h"

namespace devstate {

// Returns the first of `rows` rows in which a key occurs twice, or `rows`.
// `keys` are those of all rows, one behind the other, and `count_at` says how
// many a row has.
template <typename Key, typename CountAt>
size_t FirstRowWithKeyTwice(size_t rows, CountAt count_at,
                            std::vector<Key> keys) {
  auto begin = keys.begin();
  for (size_t row = 0; row < rows; ++row) {
    const auto end = begin + static_cast<std::ptrdiff_t>(count_at(row));
    // Writers put entries into ascending order of key, so that there is mostly
    // nothing to sort.
    if (std::adjacent_find(begin, end, std::greater_equal<>()) != end) {
      std::sort(begin, end);
      if (std::adjacent_find(begin, end) != end) return row;
    }
    begin = end;
  }
  return rows;
}

// The error for a batch that has such a row.
inline absl::Status KeyTwice(const DecodeContext& context, size_t row) {
  return context.Error(ERROR_REASON_MALFORMED,
                       absl::StrCat("row ", row,
                                    " has a key of the map twice: "
                                    "correct the writer"));
}

// The values of a column that is being built.
template <typename T>
std::vector<typename NumberTraits<T>::Bits> BuiltValues(
    const NumberColumnBuilder<T>& column) {
  return {column.stored().begin(), column.stored().end()};
}
inline std::vector<absl::string_view> BuiltValues(
    const BytesColumnBuilder& column) {
  std::vector<absl::string_view> values;
  size_t position = 0;
  for (const uint32_t length : column.lengths()) {
    values.push_back(column.data().substr(position, length));
    position += length;
  }
  return values;
}

// Builds the columns of a map. `Column` is generated for its entries.
template <typename Column>
class MapBuilder : public RepeatedBuilder<Column> {
 public:
  using RepeatedBuilder<Column>::RepeatedBuilder;

  // As RepeatedBuilder's, and INVALID_ARGUMENT if a row has a key twice.
  absl::Status Validate(RowKind rows) const {
    absl::Status status = RepeatedBuilder<Column>::Validate(rows);
    if (!status.ok()) return status;
    const auto counts = this->counts().stored();
    const size_t row = FirstRowWithKeyTwice(
        counts.size(), [counts](size_t i) { return counts[i]; },
        BuiltValues(this->values().keys()));
    if (row == counts.size()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(RowText(rows, row), " has a key of the map twice"));
  }
};

// Reads the columns of a map. `Value` is the row of an entry.
template <typename Column, typename Value, size_t kValueSize>
class MapReader : public RepeatedReader<Column, Value, kValueSize> {
 public:
  using Base = RepeatedReader<Column, Value, kValueSize>;
  using Base::Base;

  absl::Status Decode(absl::string_view columns, size_t count,
                      DecodeContext& context) {
    absl::Status status = Base::Decode(columns, count, context);
    if (!status.ok()) return status;
    // std::vector<bool> has no elements to sort.
    using Key = std::conditional_t<std::is_same_v<decltype(Value::key), bool>,
                                   uint8_t, decltype(Value::key)>;
    std::vector<Key> keys;
    keys.reserve(this->total());
    for (const Value& entry : this->all()) keys.push_back(entry.key);
    const size_t row = FirstRowWithKeyTwice(
        count, [this](size_t i) { return this->CountAt(i); }, std::move(keys));
    return row == count ? absl::OkStatus() : KeyTwice(context, row);
  }
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_MAP_KEYS_H_
