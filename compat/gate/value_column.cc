// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/value_column.h"

#include <algorithm>
#include <utility>

#include "devstate/schema/value_size.h"
#include "devstate/serializer/column_encoding.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/number_column.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

ValueColumn ValueColumn::OfNumber(ValueKind kind, uint64_t bits, size_t size) {
  ValueColumn column(kind, "", size);
  column.decoded_ = column.changed_ = column.constant_ = true;
  column.numbers_.push_back(bits);
  return column;
}

ValueColumn ValueColumn::OfText(ValueKind kind, absl::string_view text,
                                size_t size) {
  ValueColumn column(kind, "", size);
  column.decoded_ = column.changed_ = column.constant_ = true;
  column.texts_.push_back(text);
  return column;
}

absl::Status ValueColumn::Decode(DecodeContext& context) {
  if (decoded_) return absl::OkStatus();
  if (column_.empty()) {
    constant_ = true;
    if (holds_text()) {
      texts_.emplace_back();
    } else {
      numbers_.push_back(0);
    }
  } else if (holds_text()) {
    DS_RETURN_IF_ERROR(context.ChargeMemory(size_, kBytesSize));
    reader_ = std::make_unique<BytesColumnReader>();
    DS_RETURN_IF_ERROR(reader_->Decode(kind_, column_, size_, context));
    texts_.resize(size_);
    for (size_t i = 0; i < size_; ++i) reader_->Read(i, texts_[i]);
  } else {
    DS_RETURN_IF_ERROR(DecodeNumbers<uint64_t>(column_, kind_, size_, context,
                                               numbers_, &constant_));
  }
  decoded_ = true;
  return absl::OkStatus();
}

absl::Status ValueColumn::ChangeTextKind(ValueKind kind,
                                         DecodeContext& context) {
  // Only a column of texts is checked for UTF-8.
  const auto check = [&] {
    return kind_ != ValueKind::kText
               ? absl::OkStatus()
               : BytesColumnReader().Decode(kind_, column_, size_, context);
  };
  if (kind == kind_ || column_.empty()) {
    kind_ = kind;
    return absl::OkStatus();
  }
  DS_RETURN_IF_ERROR(check());
  ByteBuffer rewritten;
  MessageWriter writer(&rewritten);
  MessageReader reader(column_);
  MessageReader::Field part;
  while (reader.Next(&part)) {
    if (part.number == kColumnKindField) {
      writer.WriteNumber(part.number, static_cast<uint64_t>(kind));
    } else if (part.wire_type == kWireVarint) {
      writer.WriteNumber(part.number, part.value);
    } else {
      writer.WriteBytes(part.number, part.bytes);
    }
  }
  rewritten_ = std::move(rewritten);
  column_ = rewritten_.view();
  kind_ = kind;
  return check();
}

void ValueColumn::Unfold() {
  if (!constant_) return;
  constant_ = false;
  if (holds_text()) {
    texts_.assign(size_, texts_[0]);
    return;
  }
  const uint64_t value = numbers_[0];
  numbers_.ResizeUninitialized(size_);
  std::fill_n(numbers_.data(), size_, value);
}

void ValueColumn::Select(const std::vector<uint8_t>& keep) {
  size_t kept = 0;
  for (size_t i = 0; i < size_; ++i) {
    if (keep[i] == 0) continue;
    if (!constant_) {
      if (holds_text()) {
        texts_[kept] = texts_[i];
      } else {
        numbers_[kept] = numbers_[i];
      }
    }
    ++kept;
  }
  if (kept == size_) return;
  changed_ = true;
  size_ = kept;
  if (constant_) return;
  if (holds_text()) {
    texts_.resize(kept);
  } else {
    numbers_.ResizeUninitialized(kept);
  }
}

void ValueColumn::Spread(const std::vector<uint32_t>& indices, size_t size) {
  if (indices.size() == size) return;
  Unfold();
  changed_ = true;
  size_ = size;
  if (holds_text()) {
    std::vector<absl::string_view> texts(size);
    for (size_t i = 0; i < indices.size(); ++i) texts[indices[i]] = texts_[i];
    texts_ = std::move(texts);
    return;
  }
  UninitializedBuffer<uint64_t> numbers;
  numbers.ResizeUninitialized(size);
  std::fill_n(numbers.data(), size, 0);
  for (size_t i = 0; i < indices.size(); ++i) {
    numbers[indices[i]] = numbers_[i];
  }
  numbers_ = std::move(numbers);
}

void ValueColumn::Replace(const std::vector<uint8_t>& replace,
                          const ValueColumn& other) {
  Unfold();
  changed_ = true;
  for (size_t i = 0; i < size_; ++i) {
    if (replace[i] == 0) continue;
    if (holds_text()) {
      texts_[i] = other.TextAt(i);
    } else {
      numbers_[i] = other.NumberAt(i);
    }
  }
}

void ValueColumn::Encode(uint32_t field, MessageWriter& out) {
  if (size_ == 0) return;
  if (!changed_) {
    out.WriteBytes(field, column_);
    return;
  }
  if (holds_text()) {
    Unfold();
    BytesColumnBuilder builder;
    for (const absl::string_view text : texts_) builder.Append(text);
    builder.Encode(field, kind_, out);
    return;
  }
  // A constant column is the same for any number of rows, a plain one is not.
  if (out.column_options().plain) Unfold();
  EncodeNumbers<uint64_t>(field, kind_, numbers_.data(), constant_ ? 1 : size_,
                          out);
}

std::vector<uint8_t> ContentOf(const ValueColumn& column) {
  std::vector<uint8_t> content(column.size());
  if (column.constant()) {
    if (!content.empty() && column.HasContent(0)) {
      std::fill(content.begin(), content.end(), uint8_t{1});
    }
    return content;
  }
  for (size_t i = 0; i < content.size(); ++i) {
    content[i] = column.HasContent(i);
  }
  return content;
}

}  // namespace devstate
