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
#include "devstate/columns.pb.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/message_writer.h"

namespace devstate {

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
  bool holds_text() const {
    return kind_ == COLUMN_KIND_BYTES || kind_ == COLUMN_KIND_TEXT;
  }
  size_t size() const { return size_; }
  // Whether all values are defaults for sure.
  bool absent() const { return !decoded_ && column_.empty(); }

  // Takes the values out of the column, once. All below needs it, unless it
  // says that it does not. Errors are those of a reader.
  absl::Status Decode(DecodeContext& context);

  // Whether one value stands for all rows: that of row 0.
  bool constant() const { return constant_; }

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

  // Calls `convert` with all numbers, of which there is one if they are all the
  // same, and how many there are; it returns whether it could convert them, and
  // sets `*changed` if it has changed any.
  template <typename Convert>
  bool ConvertNumbers(Convert convert) {
    return convert(numbers_.data(), numbers_.size(), &changed_);
  }

  // Says that the numbers, which are converted, are of another kind.
  void SetNumberKind(ColumnKind kind) {
    changed_ |= kind != kind_;
    kind_ = kind;
  }
  // Makes texts bytes, or bytes texts. An error if they are not UTF-8. Need not
  // be decoded.
  absl::Status ChangeTextKind(ColumnKind kind, DecodeContext& context);

  // Leaves out the values whose element of `keep` is 0.
  void Select(const std::vector<uint8_t>& keep);
  // Makes value `i` the value `indices[i]` of `size`, the others defaults.
  void Spread(const std::vector<uint32_t>& indices, size_t size);
  // Puts value `i` of `other`, of the same kind, in the place of value `i`
  // where `replace[i]` is not 0. `other` is decoded and outlives this object's
  // texts.
  void Replace(const std::vector<uint8_t>& replace, const ValueColumn& other);

  // Appends field `field` with the column; nothing if all values are defaults.
  // Need not be decoded.
  void Encode(uint32_t field, MessageWriter& out);

 private:
  // Gives each row a value of its own.
  void Unfold();

  ColumnKind kind_ = COLUMN_KIND_UNSPECIFIED;
  size_t size_ = 0;
  absl::string_view column_;
  // Holds column_ after ChangeTextKind().
  ByteBuffer rewritten_;
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

// Returns for each row of `column`, which is decoded, whether its value is
// neither zero nor empty: 1 or 0.
std::vector<uint8_t> ContentOf(const ValueColumn& column);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_VALUE_COLUMN_H_
