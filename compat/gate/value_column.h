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
#include "devstate/schema/value_kind.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/message_writer.h"

namespace devstate {

// The values of one NumberColumn or BytesColumn. They stay as they came for as
// long as nobody needs them, and are written as they came unless they changed.
// Thread-safety: none.
class ValueColumn {
 public:
  ValueColumn() = default;
  // `column` is the serialized message, or empty if all `size` values are
  // defaults. Requires: it outlives the object.
  ValueColumn(ValueKind kind, absl::string_view column, size_t size)
      : kind_(kind), size_(size), column_(column) {}

  ValueColumn(ValueColumn&&) = default;
  ValueColumn& operator=(ValueColumn&&) = default;

  // Makes a column of `size` times the same value.
  static ValueColumn OfNumber(ValueKind kind, uint64_t bits, size_t size);
  // Makes the same of a text. Requires: `text` outlives the column.
  static ValueColumn OfText(ValueKind kind, absl::string_view text,
                            size_t size);

  ValueKind kind() const { return kind_; }
  bool holds_text() const {
    return kind_ == ValueKind::kBytes || kind_ == ValueKind::kText;
  }
  size_t size() const { return size_; }
  // Returns whether all values are defaults for sure.
  bool absent() const { return !decoded_ && column_.empty(); }

  // Takes the values out of the column, once. Everything below needs it, unless
  // its comment says otherwise. Errors are those of a reader.
  absl::Status Decode(DecodeContext& context);

  // Returns whether one value, that of row 0, stands for all rows.
  bool constant() const { return constant_; }

  // Return the value of row `i` as it travels, see docs/stream_format.md.
  uint64_t NumberAt(size_t i) const { return numbers_[constant_ ? 0 : i]; }
  absl::string_view TextAt(size_t i) const { return texts_[constant_ ? 0 : i]; }
  // Returns whether the value of row `i` is neither zero nor empty.
  bool HasContent(size_t i) const {
    return holds_text() ? !TextAt(i).empty() : NumberAt(i) != 0;
  }
  bool SameAt(size_t i, const ValueColumn& other, size_t j) const {
    return holds_text() ? TextAt(i) == other.TextAt(j)
                        : NumberAt(i) == other.NumberAt(j);
  }

  // Calls `convert` with all numbers and how many there are. If they are all
  // the same, that is one. `convert` returns whether it could convert them, and
  // sets `*changed` if it has changed any.
  template <typename Convert>
  bool ConvertNumbers(Convert convert) {
    return convert(numbers_.data(), numbers_.size(), &changed_);
  }

  // Tells the column that its numbers, which are converted, are of another
  // kind.
  void SetNumberKind(ValueKind kind) {
    changed_ |= kind != kind_;
    kind_ = kind;
  }
  // Makes texts bytes, or bytes texts. An error if they are not UTF-8. Needs no
  // Decode().
  absl::Status ChangeTextKind(ValueKind kind, DecodeContext& context);

  // Leaves out the values whose element of `keep` is 0.
  void Select(const std::vector<uint8_t>& keep);
  // Makes value `i` the value `indices[i]` of `size`, the others defaults.
  void Spread(const std::vector<uint32_t>& indices, size_t size);
  // Replaces value `i` by value `i` of `other`, of the same kind, where
  // `replace[i]` is not 0. Requires: `other` is decoded and outlives this
  // object's texts.
  void Replace(const std::vector<uint8_t>& replace, const ValueColumn& other);

  // Appends field `field` with the column. Appends nothing if all values are
  // defaults. Needs no Decode().
  void Encode(uint32_t field, MessageWriter& out);

 private:
  // Gives each row a value of its own.
  void Unfold();

  ValueKind kind_ = ValueKind::kUnspecified;
  size_t size_ = 0;
  absl::string_view column_;
  // The content of column_ after ChangeTextKind().
  ByteBuffer rewritten_;
  bool decoded_ = false;
  // Whether the values differ from those in `column_`.
  bool changed_ = false;
  // Whether one value stands for all.
  bool constant_ = false;
  UninitializedBuffer<uint64_t> numbers_;
  std::vector<absl::string_view> texts_;
  // The holder of texts that do not lie in the column as they are.
  std::unique_ptr<BytesColumnReader> reader_;
};

// Returns for each row of `column`, which is decoded, whether its value is
// neither zero nor empty: 1 or 0.
std::vector<uint8_t> ContentOf(const ValueColumn& column);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_VALUE_COLUMN_H_
