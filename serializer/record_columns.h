// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The columns of whole records, driven by the table of their schema. One codec
// serves generated rows (row_columns.h) and messages (dynamic/).

#ifndef DEVSTATE_SERIALIZER_RECORD_COLUMNS_H_
#define DEVSTATE_SERIALIZER_RECORD_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/serializer/column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/record_table.h"
#include "devstate/serializer/row_kind.h"

namespace devstate {

// Builds the …Columns message of a record, or of a message in it. A derived
// class appends the rows. Thread-safety: none.
class RecordColumnsBuilder : public ColumnBuilder {
 public:
  RecordColumnsBuilder(const RecordColumnsBuilder&) = delete;
  RecordColumnsBuilder& operator=(const RecordColumnsBuilder&) = delete;

  // Returns the number of rows since the last Clear().
  size_t size() const { return size_; }

  // Checks that every row can be written. INVALID_ARGUMENT, with the field's
  // path, for text that is not UTF-8, a key of a map twice, several members of
  // a oneof, an enum without a name, or a value that the annotations do not
  // allow.
  absl::Status Validate(RowKind rows) const;
  // Appends the fields of the message.
  void EncodeBody(MessageWriter& out);
  // Do the same with the fields of `key` alone, which are indices into the
  // table's fields, for deletions.
  absl::Status ValidateKeys(absl::Span<const uint16_t> key) const;
  void EncodeKeys(absl::Span<const uint16_t> key, MessageWriter& out);

  absl::Status Validate(const FieldEntry&, RowKind rows) const override {
    return Validate(rows);
  }
  void EncodeAs(const FieldEntry&, uint32_t number, size_t,
                MessageWriter& out) override;
  void Clear() override;
  // Calls SetLasting() of the column of the table's field `index`.
  void SetColumnLasting(size_t index, bool lasting) {
    columns_[index]->SetLasting(lasting);
  }
  NumbersView Stored(BoundsEntry::Column) const override { return {}; }
  // Returns the same of the column of the table's field `index`.
  NumbersView Stored(size_t index, BoundsEntry::Column column) const {
    return columns_[index]->Stored(column);
  }
  size_t FirstRowWithKeyTwice(
      absl::Span<const uint32_t> counts) const override {
    return columns_[0]->FirstRowWithKeyTwice(counts);
  }

 protected:
  // `columns` are those of the table's fields. Requires: they and `table`
  // outlive the builder.
  RecordColumnsBuilder(const RecordTable& table,
                       std::vector<ColumnBuilder*> columns)
      : table_(table), columns_(std::move(columns)) {}
  ~RecordColumnsBuilder() = default;

  size_t size_ = 0;

 private:
  absl::Status ValidateField(const FieldEntry& field,
                             const ColumnBuilder& column, RowKind rows) const;

  const RecordTable& table_;
  const std::vector<ColumnBuilder*> columns_;
};

// Reads a …Columns message. A derived class returns the rows. Thread-safety:
// none.
class RecordColumnsReader : public ColumnReader {
 public:
  RecordColumnsReader(const RecordColumnsReader&) = delete;
  RecordColumnsReader& operator=(const RecordColumnsReader&) = delete;

  // Checks everything that can be wrong with `columns`, a serialized …Columns
  // message of `count` rows, and that the annotations allow its values.
  // Requires: `columns` outlives the rows.
  absl::Status Decode(absl::string_view columns, size_t count,
                      DecodeContext& context);
  // Checks the same of columns that hold nothing but keys. The fields of `key`
  // are indices into the table's fields, in ascending order.
  absl::Status DecodeKeys(absl::string_view columns, size_t count,
                          absl::Span<const uint16_t> key,
                          DecodeContext& context);
  // Returns the key of each row in bytes: equal bytes for equal keys alone.
  // Requires: no row was read yet.
  std::vector<std::string> Keys(absl::Span<const uint16_t> key,
                                size_t count) const;

  void SetDefault() override;
  absl::Status DecodeAs(const FieldEntry&, absl::string_view columns,
                        size_t count, DecodeContext& context) override {
    return Decode(columns, count, context);
  }
  NumbersView Stored(BoundsEntry::Column, size_t) const override { return {}; }
  // Returns the same of the column of the table's field `index`.
  NumbersView Stored(size_t index, BoundsEntry::Column column,
                     size_t count) const {
    return columns_[index]->Stored(column, count);
  }
  size_t FirstRowWithKeyTwice(
      absl::Span<const uint32_t> counts) const override {
    return columns_[0]->FirstRowWithKeyTwice(counts);
  }

 protected:
  // `columns` are those of the table's fields. Requires: they and `table`
  // outlive the reader.
  RecordColumnsReader(const RecordTable& table,
                      std::vector<ColumnReader*> columns)
      : table_(table), columns_(std::move(columns)) {}
  ~RecordColumnsReader() = default;

 private:
  absl::Status DecodeColumns(absl::string_view columns, size_t count,
                             DecodeContext& context);
  absl::Status CheckBounds(size_t field, size_t count,
                           DecodeContext& context) const;

  const RecordTable& table_;
  const std::vector<ColumnReader*> columns_;
};

// Decodes a batch or upserts of the field `field_name`, whose records count for
// `record_size` bytes each, or deletions of records with this key.
// `schema_version` is the writer's.
absl::Status DecodeRecords(const Chunk& chunk, absl::string_view field_name,
                           size_t record_size, absl::Span<const uint16_t> key,
                           const Limits& limits, uint32_t schema_version,
                           RecordColumnsReader& columns);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_RECORD_COLUMNS_H_
