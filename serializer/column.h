// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A column of a record, whatever its type, as the codec of whole records sees
// it (record_columns.h). Rows are appended and read through the classes of
// their types.

#ifndef DEVSTATE_SERIALIZER_COLUMN_H_
#define DEVSTATE_SERIALIZER_COLUMN_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/record_table.h"
#include "devstate/serializer/row_kind.h"

namespace devstate {

// The types that numbers have in a row. Enums are kInt32. The counts of an
// optional field are kBool.
enum class ScalarType : uint8_t {
  kBool,
  kInt32,
  kInt64,
  kUint32,
  kUint64,
  kFloat,
  kDouble,
};

// The numbers of a column, borrowed.
struct NumbersView {
  ScalarType type = ScalarType::kBool;
  // NumberTraits::Bits of the type, `size` of them.
  const void* bits = nullptr;
  size_t size = 0;
  // Whether the one value stands for all rows.
  bool constant = false;
};

// Collects the values of a field of many records. Thread-safety: none.
class ColumnBuilder {
 public:
  // Checks that every value can be written, apart from annotations.
  // INVALID_ARGUMENT names the row that cannot, which is one of `rows`.
  virtual absl::Status Validate(const FieldEntry& field,
                                RowKind rows) const = 0;
  // Appends the column of `rows` rows. Appends nothing if all values are
  // defaults.
  virtual void EncodeAs(const FieldEntry& field, uint32_t number, size_t rows,
                        MessageWriter& out) = 0;
  virtual void Clear() = 0;

  // Says whether the values that are appended from now on stay as they are
  // until Clear() or a call with false. A column may keep views of those that
  // do. Default: they do not, and it copies them.
  virtual void SetLasting(bool) {}

  // Returns the numbers that BoundsEntry::Column names; empty if there are none
  // in such a column. Counts may end before the last row; the missing ones are
  // 0.
  virtual NumbersView Stored(BoundsEntry::Column column) const = 0;
  // Returns the first row of a map in which a key occurs twice, or the number
  // of rows. `counts` says how many keys each row has.
  virtual size_t FirstRowWithKeyTwice(absl::Span<const uint32_t> counts) const {
    return counts.size();
  }

 protected:
  ~ColumnBuilder() = default;
};

// Holds the values of a field of all records of a batch. Thread-safety: none.
class ColumnReader {
 public:
  // Takes an absent column: all values are defaults.
  virtual void SetDefault() = 0;
  // Checks everything that can be wrong with `column`, apart from annotations,
  // and takes `count` values out of it.
  //
  // Requires: `column` outlives the values, which may lie in it.
  virtual absl::Status DecodeAs(const FieldEntry& field,
                                absl::string_view column, size_t count,
                                DecodeContext& context) = 0;

  // Returns the numbers as ColumnBuilder::Stored() does. `count` is that of
  // DecodeAs().
  virtual NumbersView Stored(BoundsEntry::Column column,
                             size_t count) const = 0;
  virtual size_t FirstRowWithKeyTwice(absl::Span<const uint32_t> counts) const {
    return counts.size();
  }
  // Appends the value of row i to keys[i], so that equal values, and no others,
  // append the same. Only for fields that a record's key may have (schema/
  // record_key.h). Requires: no row was read yet.
  virtual void AppendKeys(absl::Span<std::string>) const {}

 protected:
  ~ColumnReader() = default;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_COLUMN_H_
