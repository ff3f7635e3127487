// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_VALUE_COLUMN_H_
#define DEVSTATE_COMPAT_GATE_VALUE_COLUMN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "compat/schema_model.h"
#include "devstate/columns.pb.h"
#include "serializer/bytes_column.h"
#include "serializer/decode_context.h"
#include "serializer/internal/byte_buffer.h"
#include "serializer/message_writer.h"

namespace devstate {

// Returns the kind of the column that the values of `field` travel in. `field`
// holds no messages.
ColumnKind ColumnKindOf(const FieldModel& field);

// The values of one NumberColumn or BytesColumn. They stay as they came for as
// long as nobody needs them, and are written as they came unless they changed.
// Not thread-safe.
class ValueColumn {
 public:
  ValueColumn() = default;
  // `column` is the serialized message, or empty if all `size` values are
  // defaults. It must outlive the object.
  ValueColumn(ColumnKind kind, absl::string_view column, size_t size)
      : kind_(kind), size_(size), column_(column) {}

  ValueColumn(ValueColumn&&) = default;
  ValueColumn& operator=(ValueColumn&&) = default;

  // Makes a column of `size` times the same value.
  static ValueColumn OfNumber(ColumnKind kind, uint64_t bits, size_t size);
  // `text` must outlive the column.
  static ValueColumn OfText(ColumnKind kind, absl::string_view text,
                            size_t size);

  ColumnKind kind() const { return kind_; }
  bool holds_text() const { return kind_ == BYTES || kind_ == TEXT; }
  size_t size() const { return size_; }
  // Whether all values are defaults for sure.
  bool absent() const { return !decoded_ && column_.empty(); }

  // Takes the values out of the column, once. All below but SetKind() and
  // Encode() need it. Errors are those of a reader.
  absl::Status Decode(DecodeContext& context);

  // The value of row `i` as it travels, see docs/stream_format.md.
  uint64_t NumberAt(size_t i) const { return numbers_[constant_ ? 0 : i]; }
  absl::string_view TextAt(size_t i) const { return texts_[constant_ ? 0 : i]; }
  // Whether the value of row `i` is neither zero nor empty.
  bool HasContent(size_t i) const {
    return holds_text() ? !TextAt(i).empty() : NumberAt(i) != 0;
  }
  bool SameAt(size_t i, const ValueColumn& other, size_t j) const {
    return holds_text() ? TextAt(i) == other.TextAt(j)
                        : NumberAt(i) == other.NumberAt(j);
  }

  // Calls `convert` with each number, or once if all are the same one; it may
  // change the number. Stops and returns false where it does.
  template <typename Convert>
  bool ForEachNumber(Convert convert) {
    for (size_t i = 0; i < numbers_.size(); ++i) {
      const uint64_t before = numbers_[i];
      if (!convert(&numbers_[i])) return false;
      changed_ |= numbers_[i] != before;
    }
    return true;
  }
  template <typename Check>
  bool AllTexts(Check check) const {
    for (const absl::string_view text : texts_) {
      if (!check(text)) return false;
    }
    return true;
  }

  // Says that the values are of another kind, as they are.
  void SetKind(ColumnKind kind) {
    changed_ |= kind != kind_;
    kind_ = kind;
  }

  // Leaves out the values whose element of `keep` is 0.
  void Select(const std::vector<uint8_t>& keep);
  // Makes value `i` the value `indices[i]` of `size`, the others defaults.
  void Spread(const std::vector<uint32_t>& indices, size_t size);
  // Puts value `i` of `other`, of the same kind, in the place of value `i`
  // where `replace[i]` is not 0. `other` is decoded and outlives this object's
  // texts.
  void Replace(const std::vector<uint8_t>& replace, const ValueColumn& other);

  // Appends field `field` with the column; nothing if all values are defaults.
  void Encode(uint32_t field, MessageWriter& out);

 private:
  // Gives each row a value of its own.
  void Unfold();

  ColumnKind kind_ = COLUMN_KIND_UNSPECIFIED;
  size_t size_ = 0;
  absl::string_view column_;
  bool decoded_ = false;
  // Whether `column_` does not say it any more.
  bool changed_ = false;
  // Whether one value stands for all.
  bool constant_ = false;
  UninitializedBuffer<uint64_t> numbers_;
  std::vector<absl::string_view> texts_;
  // Holds texts that do not lie in the column as they are.
  std::unique_ptr<BytesColumnReader> reader_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_VALUE_COLUMN_H_
