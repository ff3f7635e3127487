// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Columns of fields that do not occur exactly once in each record: optional
// fields, members of a oneof, repeated fields and maps. `Column` is the builder
// or reader of the field's values, which are numbers, bytes or a message.

#ifndef DEVSTATE_SERIALIZER_OCCURRENCES_H_
#define DEVSTATE_SERIALIZER_OCCURRENCES_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/serializer/column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/row_kind.h"

namespace devstate {

// The field numbers of every …Occurrences message.
inline constexpr uint32_t kOccurrencesField = 1;
inline constexpr uint32_t kOccurringValuesField = 2;

// Collects counts. `Count` is bool for an optional field, uint32_t for a
// repeated one.
template <typename Count>
class OccurrencesBuilder : public ColumnBuilder {
 public:
  OccurrencesBuilder(const OccurrencesBuilder&) = delete;
  OccurrencesBuilder& operator=(const OccurrencesBuilder&) = delete;

  // Validates the column. INVALID_ARGUMENT also if a row has a key of a map
  // twice.
  absl::Status Validate(const FieldEntry& field, RowKind rows) const override;
  // Appends the column. Appends nothing if the field occurs in no row.
  void EncodeAs(const FieldEntry& field, uint32_t number, size_t rows,
                MessageWriter& out) override;
  void Clear() override {
    counts_.Clear();
    values_.Clear();
  }
  NumbersView Stored(BoundsEntry::Column column) const override;

  // Says how often the field occurs in row `row`, counted from the last
  // Clear(). Rows without an occurrence cost nothing until one with an
  // occurrence comes.
  void AppendCount(size_t row, Count count) {
    if (counts_.size() != row) counts_.PadWithZeros(row);
    counts_.Append(count);
  }
  // The same for `rows` rows from `row` on.
  void AppendCounts(size_t row, size_t rows, Count count) {
    if (counts_.size() != row) counts_.PadWithZeros(row);
    counts_.AppendTimes(rows, count);
  }

 protected:
  // Requires: `values` outlives the builder.
  explicit OccurrencesBuilder(ColumnBuilder* values) : values_(*values) {}
  ~OccurrencesBuilder() = default;

 private:
  NumberColumnBuilder<Count> counts_;
  ColumnBuilder& values_;
};

template <typename Column>
class OptionalBuilder final : public OccurrencesBuilder<bool> {
 public:
  OptionalBuilder() : OccurrencesBuilder(&values_) {}

  template <typename Value>
  ABSL_ATTRIBUTE_ALWAYS_INLINE void Append(size_t row,
                                           const std::optional<Value>& value) {
    if (!value.has_value()) return;
    AppendCount(row, true);
    values_.Append(*value);
  }

 private:
  Column values_;
};

template <typename Column>
class RepeatedBuilder final : public OccurrencesBuilder<uint32_t> {
 public:
  RepeatedBuilder() : OccurrencesBuilder(&values_) {}

  template <typename Value>
  void Append(size_t row, absl::Span<const Value> values) {
    if (values.empty()) return;
    AppendCount(row, static_cast<uint32_t>(values.size()));
    for (const Value& value : values) values_.Append(value);
  }

 private:
  Column values_;
};

template <typename Count>
class OccurrencesReader : public ColumnReader {
 public:
  OccurrencesReader(const OccurrencesReader&) = delete;
  OccurrencesReader& operator=(const OccurrencesReader&) = delete;

  void SetDefault() override {
    counts_.SetDefault();
    total_ = 0;
  }
  // Decodes the column. Refuses also a row that has a key of a map twice.
  absl::Status DecodeAs(const FieldEntry& field, absl::string_view columns,
                        size_t count, DecodeContext& context) override;
  NumbersView Stored(BoundsEntry::Column column, size_t count) const override;

  // Return how often the field occurs in row `i`, and in all rows.
  size_t CountAt(size_t i) const { return counts_[i]; }
  uint64_t total() const { return total_; }

 protected:
  // Requires: `values` outlives the reader. After DecodeAs() it has total()
  // values; if there are none, its content means nothing.
  explicit OccurrencesReader(ColumnReader* values) : values_(*values) {}
  ~OccurrencesReader() = default;

 private:
  NumberColumnReader<Count> counts_;
  ColumnReader& values_;
  uint64_t total_ = 0;
};

extern template class OccurrencesBuilder<bool>;
extern template class OccurrencesBuilder<uint32_t>;
extern template class OccurrencesReader<bool>;
extern template class OccurrencesReader<uint32_t>;

template <typename Column>
class OptionalReader final : public OccurrencesReader<bool> {
 public:
  OptionalReader() : OccurrencesReader(&values_) {}

  void SetDefault() override {
    OccurrencesReader::SetDefault();
    next_ = 0;
  }
  absl::Status DecodeAs(const FieldEntry& field, absl::string_view columns,
                        size_t count, DecodeContext& context) override {
    next_ = 0;
    return OccurrencesReader::DecodeAs(field, columns, count, context);
  }
  // Reads row `i`. Requires: the rows are read one after the other, from 0.
  template <typename Value>
  ABSL_ATTRIBUTE_ALWAYS_INLINE void Read(size_t i,
                                         std::optional<Value>& value) {
    if (CountAt(i) != 0) {
      values_.Read(next_++, value.emplace());
    } else {
      value.reset();
    }
  }

 private:
  Column values_;
  size_t next_ = 0;
};

// Reads a repeated field. `Value` is the type of one occurrence in a row.
template <typename Column, typename Value>
class RepeatedReader final : public OccurrencesReader<uint32_t> {
 public:
  RepeatedReader() : OccurrencesReader(&values_) {}

  void SetDefault() override {
    OccurrencesReader::SetDefault();
    next_ = 0;
  }
  absl::Status DecodeAs(const FieldEntry& field, absl::string_view columns,
                        size_t count, DecodeContext& context) override {
    next_ = 0;
    absl::Status status =
        OccurrencesReader::DecodeAs(field, columns, count, context);
    if (!status.ok()) return status;
    // All values of the batch at once, so that rows can be spans of them.
    all_.ResizeUninitialized(total());
    for (size_t i = 0; i < total(); ++i) values_.Read(i, all_[i]);
    return absl::OkStatus();
  }
  // Reads row `i` as a span that is valid until the next DecodeAs(). Requires:
  // the rows are read one after the other, from 0.
  void Read(size_t i, absl::Span<const Value>& values) {
    const size_t count = CountAt(i);
    values = absl::Span<const Value>(all_.data() + next_, count);
    next_ += count;
  }

 private:
  Column values_;
  UninitializedBuffer<Value> all_;
  size_t next_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_OCCURRENCES_H_
