// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Columns of fields that do not occur exactly once in each record: optional
// fields, members of a oneof, repeated fields and maps. `Column` is the builder
// or reader of the field's values: of numbers, of bytes, or generated for a
// message.

#ifndef DEVSTATE_SERIALIZER_OCCURRENCES_H_
#define DEVSTATE_SERIALIZER_OCCURRENCES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/row_kind.h"

namespace devstate {

// Field numbers of every …Occurrences message.
inline constexpr uint32_t kOccurrencesField = 1;
inline constexpr uint32_t kOccurringValuesField = 2;

// `Count` is bool for an optional field, uint32_t for a repeated one.
template <typename Count, typename Column>
class OccurrencesBuilder {
 public:
  template <typename... Args>
  explicit OccurrencesBuilder(Args... args) : values_(args...) {}

  // INVALID_ARGUMENT if a value cannot be written. Values are not rows of what
  // the field occurs in.
  absl::Status Validate(RowKind) const {
    return values_.Validate(RowKind::kOccurrence);
  }
  // How often the field occurs in each row, as far as the last row that has it.
  const NumberColumnBuilder<Count>& counts() const { return counts_; }
  const Column& values() const { return values_; }
  void Clear() {
    counts_.Clear();
    values_.Clear();
  }
  // Of `rows` rows. Nothing is written if the field occurs in none of them.
  void Encode(uint32_t field, size_t rows, MessageWriter& out) {
    if (counts_.size() == 0) return;
    counts_.PadWithZeros(rows);
    const MessageWriter::Nested nested = out.BeginNested(field, rows);
    counts_.Encode(kOccurrencesField, out);
    values_.Encode(kOccurringValuesField, out);
    out.EndNested(nested);
  }

 protected:
  // Rows without an occurrence cost nothing until one with an occurrence comes.
  void AppendCount(size_t row, Count count) {
    if (counts_.size() != row) counts_.PadWithZeros(row);
    counts_.Append(count);
  }

  NumberColumnBuilder<Count> counts_;
  Column values_;
};

template <typename Column>
class OptionalBuilder : public OccurrencesBuilder<bool, Column> {
 public:
  using OccurrencesBuilder<bool, Column>::OccurrencesBuilder;

  // `row` is the index of the row, counted from the last Clear().
  template <typename Value>
  ABSL_ATTRIBUTE_ALWAYS_INLINE void Append(size_t row,
                                           const std::optional<Value>& value) {
    if (!value.has_value()) return;
    this->AppendCount(row, true);
    this->values_.Append(*value);
  }
};

template <typename Column>
class RepeatedBuilder : public OccurrencesBuilder<uint32_t, Column> {
 public:
  using OccurrencesBuilder<uint32_t, Column>::OccurrencesBuilder;

  // As OptionalBuilder.
  template <typename Value>
  void Append(size_t row, absl::Span<const Value> values) {
    if (values.empty()) return;
    this->AppendCount(row, static_cast<uint32_t>(values.size()));
    for (const Value& value : values) this->values_.Append(value);
  }
};

// Whether `Column` is generated for a message.
template <typename Column, typename = void>
inline constexpr bool kIsMessage = false;
template <typename Column>
inline constexpr bool kIsMessage<Column, std::void_t<typename Column::Row>> =
    true;

template <typename Count, typename Column>
class OccurrencesReader {
 public:
  template <typename... Args>
  explicit OccurrencesReader(Args... args) : values_(args...) {}

  void SetDefault() {
    counts_.SetDefault();
    total_ = 0;
  }

  // Charges `value_size` bytes for each occurrence; 0 for a field that occurs
  // once at most, which the size of the row counts.
  absl::Status Decode(absl::string_view columns, size_t count,
                      size_t value_size, DecodeContext& context) {
    FieldTable<kOccurringValuesField> fields;
    if (absl::Status status = fields.Parse(columns, /*varints=*/0, context);
        !status.ok()) {
      return status;
    }
    if (!fields.has(kOccurrencesField)) {
      return context.Error(ERROR_REASON_MALFORMED,
                           "columns of a field that never occurs");
    }
    if (absl::Status status =
            counts_.Decode(fields.bytes(kOccurrencesField), count, context);
        !status.ok()) {
      return status;
    }
    // Before anything is decoded that is as long: a few bytes can say that
    // there are 2^48 values, and products of such counts wrap around.
    total_ = counts_.Sum(count);
    if (value_size != 0) {
      if (absl::Status status = context.ChargeMemory(total_, value_size);
          !status.ok()) {
        return status;
      }
    }
    if (!fields.has(kOccurringValuesField)) {
      // Defaults, too, can break what a schema asks of a message.
      if constexpr (kIsMessage<Column>) {
        return values_.Decode("", total_, context);
      } else {
        values_.SetDefault();
        return absl::OkStatus();
      }
    }
    return values_.Decode(fields.bytes(kOccurringValuesField), total_, context);
  }

  // How often the field occurs in row `i`, and in all rows.
  size_t CountAt(size_t i) const { return counts_[i]; }
  uint64_t total() const { return total_; }
  const NumberColumnReader<Count>& counts() const { return counts_; }
  // Of total() values; of none, whatever it holds.
  const Column& values() const { return values_; }

 protected:
  NumberColumnReader<Count> counts_;
  Column values_;
  uint64_t total_ = 0;
};

template <typename Column>
class OptionalReader : public OccurrencesReader<bool, Column> {
 public:
  using Base = OccurrencesReader<bool, Column>;
  using Base::Base;

  void SetDefault() {
    Base::SetDefault();
    next_ = 0;
  }
  absl::Status Decode(absl::string_view columns, size_t count,
                      DecodeContext& context) {
    next_ = 0;
    return Base::Decode(columns, count, /*value_size=*/0, context);
  }
  // Row `i`; to be called for the rows one after the other, from 0.
  template <typename Value>
  void Read(size_t i, std::optional<Value>& value) {
    if (this->counts_[i]) {
      this->values_.Read(next_++, value.emplace());
    } else {
      value.reset();
    }
  }

 private:
  size_t next_ = 0;
};

// `Value` is what one occurrence is in a row, and `kValueSize` what it counts
// for (docs/stream_format.md, "Sizes").
template <typename Column, typename Value, size_t kValueSize>
class RepeatedReader : public OccurrencesReader<uint32_t, Column> {
 public:
  using Base = OccurrencesReader<uint32_t, Column>;
  using Base::Base;

  void SetDefault() {
    Base::SetDefault();
    next_ = 0;
  }
  absl::Status Decode(absl::string_view columns, size_t count,
                      DecodeContext& context) {
    next_ = 0;
    absl::Status status = Base::Decode(columns, count, kValueSize, context);
    if (!status.ok()) return status;
    // All values of the batch at once, so that rows can be spans of them.
    all_.ResizeUninitialized(this->total_);
    for (size_t i = 0; i < this->total_; ++i) this->values_.Read(i, all_[i]);
    return absl::OkStatus();
  }
  // Row `i`; to be called for the rows one after the other, from 0. The span is
  // valid until the next Decode().
  void Read(size_t i, absl::Span<const Value>& values) {
    const size_t count = this->counts_[i];
    values = absl::Span<const Value>(all_.data() + next_, count);
    next_ += count;
  }

 protected:
  // The values of all rows, one behind the other.
  absl::Span<const Value> all() const {
    return {all_.data(), static_cast<size_t>(this->total_)};
  }

 private:
  UninitializedBuffer<Value> all_;
  size_t next_ = 0;
};

// Whether in some of `count` rows more than one of the members of a oneof
// occurs.
template <typename... Readers>
bool AnyRowHasSeveral(size_t count, const Readers&... readers) {
  if ((0 + ... + (readers.total() != 0 ? 1 : 0)) < 2) return false;
  for (size_t i = 0; i < count; ++i) {
    if ((size_t{0} + ... + readers.CountAt(i)) > 1) return true;
  }
  return false;
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_OCCURRENCES_H_
