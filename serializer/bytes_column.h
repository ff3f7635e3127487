// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Columns of strings and bytes: proto/devstate/columns.proto in C++.

#ifndef DEVSTATE_SERIALIZER_BYTES_COLUMN_H_
#define DEVSTATE_SERIALIZER_BYTES_COLUMN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/value_kind.h"
#include "devstate/serializer/column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/number_column.h"

namespace devstate {

// Collects strings or bytes. In all calls, `kind` is BYTES or TEXT.
class BytesColumnBuilder final : public ColumnBuilder {
 public:
  // Copies `value`, unless it lasts.
  void Append(absl::string_view value) {
    lengths_.push_back(static_cast<uint32_t>(value.size()));
    if (ABSL_PREDICT_FALSE(lasting_) && KeepView(value)) return;
    data_.Append(value);
  }
  // Copies `count` values, each of which `for_each` hands to its argument with
  // its index. Their sizes add up to `total`. Requires: values do not last.
  template <typename ForEach>
  void AppendEach(size_t count, size_t total, const ForEach& for_each) {
    uint32_t* const lengths = lengths_.Extend(count);
    char* out = data_.Extend(total);
    for_each([lengths, &out](size_t i, absl::string_view value) {
      lengths[i] = static_cast<uint32_t>(value.size());
      CopyShort(out, value.data(), value.size());
      out += value.size();
    });
  }
  size_t size() const { return lengths_.size(); }
  // Appends field `number` with a BytesColumn. Appends nothing if all values
  // are empty.
  void Encode(uint32_t number, ValueKind kind, MessageWriter& out) const;
  // Returns the length of each value, in bytes.
  absl::Span<const uint32_t> lengths() const {
    return {lengths_.data(), lengths_.size()};
  }
  // Returns all values, one after the other.
  absl::string_view data() const {
    return view_.empty() ? data_.view() : view_;
  }

  // INVALID_ARGUMENT if a TEXT value is not valid UTF-8.
  absl::Status Validate(const FieldEntry& field, RowKind rows) const override;
  void EncodeAs(const FieldEntry& field, uint32_t number, size_t,
                MessageWriter& out) override {
    Encode(number, field.kind, out);
  }
  void Clear() override {
    lengths_.clear();
    data_.clear();
    view_ = {};
  }
  void SetLasting(bool lasting) override;
  NumbersView Stored(BoundsEntry::Column column) const override;
  size_t FirstRowWithKeyTwice(absl::Span<const uint32_t> counts) const override;

 private:
  // Returns whether view_ has `value` now. It has values that follow each other
  // in memory, and no others.
  bool KeepView(absl::string_view value);
  // Copies the values that view_ has.
  void CopyView();

  UninitializedBuffer<uint32_t> lengths_;
  // All values: one of the two is empty.
  ByteBuffer data_;
  absl::string_view view_;
  bool lasting_ = false;
};

class BytesColumnReader final : public ColumnReader {
 public:
  // Decodes `column`. Requires: `column` outlives the values, which lie in it
  // or, if the layout is not CONCATENATED, in the reader.
  absl::Status Decode(ValueKind kind, absl::string_view column, size_t count,
                      DecodeContext& context);

  // Returns the length of each value, in bytes.
  const NumberColumnReader<uint32_t>& lengths() const { return lengths_; }

  // Returns the values of `count` rows at once. Requires: Read() was not called
  // yet.
  std::vector<absl::string_view> Values(size_t count) const;

  // Reads row `i`. Requires: the rows are read one after the other, from 0.
  void Read(size_t i, absl::string_view& value) {
    const size_t length = lengths_[i];
    value = absl::string_view(position_, length);
    position_ += length;
  }
  // Calls `visit(k, value)` for the `count` rows from row `i` on, k from 0.
  // Requires: as Read().
  template <typename Visit>
  void ForEach(size_t i, size_t count, const Visit& visit) {
    const char* position = position_;
    lengths_.ForEach(i, count, [&](size_t k, uint32_t length) {
      visit(k, absl::string_view(position, length));
      position += length;
    });
    position_ = position;
  }

  void SetDefault() override;
  absl::Status DecodeAs(const FieldEntry& field, absl::string_view column,
                        size_t count, DecodeContext& context) override {
    return Decode(field.kind, column, count, context);
  }
  NumbersView Stored(BoundsEntry::Column column, size_t count) const override;
  size_t FirstRowWithKeyTwice(absl::Span<const uint32_t> counts) const override;
  void AppendKeys(absl::Span<std::string> keys) const override;

 private:
  template <typename Fields>
  absl::Status DecodeWords(const Fields& fields, size_t count,
                           DecodeContext& context);

  NumberColumnReader<uint32_t> lengths_;
  const char* position_ = nullptr;
  // The current column of the WORDS layout, and the values put together.
  NumberColumnReader<uint32_t> word_;
  ByteBuffer words_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_BYTES_COLUMN_H_
