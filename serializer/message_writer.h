// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_MESSAGE_WRITER_H_
#define DEVSTATE_SERIALIZER_MESSAGE_WRITER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/internal/varint.h"

namespace devstate {

// Appends a protobuf message, field by field, to a buffer. Thread-safety: none.
class MessageWriter {
 public:
  explicit MessageWriter(ByteBuffer* out = nullptr) : out_(out) {}

  ByteBuffer& out() { return *out_; }
  void set_out(ByteBuffer* out) {
    out_ = out;
    apart_ = {};
  }

  // Returns a buffer for callers that need bytes while they write a field.
  ByteBuffer& scratch() { return scratch_; }

  // The options of the encoding of numbers and bytes in columns.
  struct ColumnOptions {
    // Whether every number column is PLAIN. Default: false.
    bool plain = false;
    // Whether layouts are allowed that pay only if the payload is compressed.
    // Default: false.
    bool compressed = false;
    // Whether out() may go without bytes that last, see WriteLastingBytes().
    // Default: false.
    bool apart = false;
  };
  const ColumnOptions& column_options() const { return column_options_; }
  void set_column_options(const ColumnOptions& options) {
    column_options_ = options;
  }

  void WriteVarint(uint64_t value) {
    char* out = out_->Extend(kMaxVarintSize);
    out_->RemoveSuffix(kMaxVarintSize - EncodeVarint(value, out));
  }
  void WriteTag(uint32_t field, uint32_t wire_type) {
    WriteVarint(uint64_t{field} << 3 | wire_type);
  }
  // Writes a field. As in proto3, one whose value is zero or empty is left out.
  void WriteNumber(uint32_t field, uint64_t value) {
    if (value == 0) return;
    WriteTag(field, kWireVarint);
    WriteVarint(value);
  }
  void WriteBytes(uint32_t field, absl::string_view value) {
    if (value.empty()) return;
    std::memcpy(BeginBytes(field, value.size()), value.data(), value.size());
  }
  // The same for bytes that stay as they are until the message is used. If
  // column_options() allow it, out() gets only tag and length, for the first
  // such field, and its bytes are apart().
  void WriteLastingBytes(uint32_t field, absl::string_view value) {
    if (!column_options_.apart || value.empty() || !apart_.bytes.empty()) {
      return WriteBytes(field, value);
    }
    WriteTag(field, kWireLength);
    WriteVarint(value.size());
    apart_ = {out_->size(), value};
  }
  // Bytes of the message that are not in out().
  struct Apart {
    // Where they belong in out().
    size_t position = 0;
    absl::string_view bytes;
  };
  const Apart& apart() const { return apart_; }

  // Writes tag and length and returns room for `size` bytes, which the caller
  // fills. The pointer is valid until the next write. Requires: `size` is not
  // 0.
  char* BeginBytes(uint32_t field, size_t size) {
    WriteTag(field, kWireLength);
    WriteVarint(size);
    return out_->Extend(size);
  }

  // A field whose length is known only at its end.
  struct Nested {
    size_t tag_position;
    size_t length_position;
    size_t body_position;
  };
  // Begins such a field. A `size_hint` near the body's size saves moving the
  // body by a byte or two.
  Nested BeginNested(uint32_t field, size_t size_hint);
  void EndNested(const Nested& nested);
  // Removes the field, tag included.
  void DropNested(const Nested& nested) {
    out_->ResizeUninitialized(nested.tag_position);
    if (apart_.position > nested.tag_position) apart_ = {};
  }
  bool IsEmpty(const Nested& nested) const {
    return out_->size() == nested.body_position;
  }

 private:
  ByteBuffer* out_;
  ByteBuffer scratch_;
  ColumnOptions column_options_;
  Apart apart_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_MESSAGE_WRITER_H_
