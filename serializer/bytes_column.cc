// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A reader leaves the values where they lie. Their lengths are a column of
// numbers, whose sum is compared with the data once. Text is looked at value by
// value only if some of it is not ASCII. The layout WORDS is chosen only for
// payloads that get compressed, because it is not worth the time otherwise.

#include "devstate/serializer/bytes_column.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "devstate/serializer/column_encoding.h"
#include "devstate/serializer/internal/column_loops.h"
#include "devstate/serializer/internal/little_endian.h"
#include "devstate/serializer/internal/map_keys.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/serializer/utf8.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Field numbers of BytesColumn.
constexpr uint32_t kKindField = kColumnKindField;
constexpr uint32_t kLayoutField = 2;
constexpr uint32_t kLengthsField = 3;
constexpr uint32_t kDataField = 4;
constexpr uint32_t kFirstWordField = 5;
constexpr size_t kWordSize = sizeof(uint32_t);
constexpr size_t kMaxWords = 8;
constexpr uint32_t kVarintFields = 1u << kKindField | 1u << kLayoutField;

// Row of the first value that is not valid UTF-8, or `count`.
template <typename LengthAt>
size_t FirstInvalidText(absl::string_view data, size_t count,
                        LengthAt length_at) {
  if (AllAscii(data.data(), data.size())) return count;
  size_t position = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t length = length_at(i);
    if (!IsValidUtf8(data.substr(position, length))) return i;
    position += length;
  }
  return count;
}

void WriteWords(const char* data, size_t count, size_t words,
                MessageWriter& out) {
  UninitializedBuffer<uint32_t> column;
  column.ResizeUninitialized(count);
  for (size_t word = 0; word < words; ++word) {
    for (size_t i = 0; i < count; ++i) {
      column[i] =
          LoadLittleEndian<uint32_t>(data + (i * words + word) * kWordSize);
    }
    EncodeNumbers<uint32_t>(kFirstWordField + static_cast<uint32_t>(word),
                            ValueKind::kUnsigned, column.data(), count, out);
  }
}

}  // namespace

bool BytesColumnBuilder::KeepView(absl::string_view value) {
  if (!data_.empty()) return false;
  if (view_.empty()) {
    view_ = value;
    return true;
  }
  if (view_.data() + view_.size() != value.data()) {
    CopyView();
    return false;
  }
  view_ = {view_.data(), view_.size() + value.size()};
  return true;
}

void BytesColumnBuilder::CopyView() {
  data_.Append(view_);
  view_ = {};
}

void BytesColumnBuilder::SetLasting(bool lasting) {
  lasting_ = lasting;
  if (!lasting && !view_.empty()) CopyView();
}

absl::Status BytesColumnBuilder::Validate(const FieldEntry& field,
                                          RowKind rows) const {
  if (field.kind != ValueKind::kText) return absl::OkStatus();
  const size_t row = FirstInvalidText(data(), lengths_.size(),
                                      [this](size_t i) { return lengths_[i]; });
  if (row == lengths_.size()) return absl::OkStatus();
  size_t position = 0;
  for (size_t i = 0; i < row; ++i) position += lengths_[i];
  return absl::InvalidArgumentError(absl::StrCat(
      RowText(rows, row), " has \"",
      absl::CHexEscape(data().substr(position, lengths_[row])),
      "\", which is not valid UTF-8: declare the field as bytes, or convert "
      "the text"));
}

NumbersView BytesColumnBuilder::Stored(BoundsEntry::Column column) const {
  if (column != BoundsEntry::Column::kLengths) return {};
  return {ScalarType::kUint32, lengths_.data(), lengths_.size(),
          /*constant=*/false};
}

size_t BytesColumnBuilder::FirstRowWithKeyTwice(
    absl::Span<const uint32_t> counts) const {
  std::vector<absl::string_view> keys;
  size_t position = 0;
  for (const uint32_t length : lengths()) {
    keys.push_back(data().substr(position, length));
    position += length;
  }
  return devstate::FirstRowWithKeyTwice(counts, std::move(keys));
}

void BytesColumnBuilder::Encode(uint32_t number, ValueKind kind,
                                MessageWriter& out) const {
  if (data().empty()) return;
  const size_t count = lengths_.size();
  const size_t length = lengths_[0];
  // Numbers of any kind hide in short values of one length; found, they
  // compress far better. Uncompressed, it is not worth the time.
  const bool words =
      out.column_options().compressed && !out.column_options().plain &&
      count > 1 && length % kWordSize == 0 && length <= kMaxWords * kWordSize &&
      std::all_of(lengths_.data(), lengths_.data() + count,
                  [length](uint32_t l) { return l == length; });
  const MessageWriter::Nested nested =
      out.BeginNested(number, data().size() + 16);
  out.WriteNumber(kKindField, static_cast<uint64_t>(kind));
  out.WriteNumber(kLayoutField,
                  static_cast<uint64_t>(words ? ColumnLayout::kWords
                                              : ColumnLayout::kConcatenated));
  EncodeNumbers<uint32_t>(kLengthsField, ValueKind::kUnsigned, lengths_.data(),
                          count, out);
  if (words) {
    WriteWords(data().data(), count, length / kWordSize, out);
  } else if (!view_.empty()) {
    out.WriteLastingBytes(kDataField, view_);
  } else {
    out.WriteBytes(kDataField, data_.view());
  }
  out.EndNested(nested);
}

void BytesColumnReader::SetDefault() {
  lengths_.SetDefault();
  position_ = "";
}

std::vector<absl::string_view> BytesColumnReader::Values(size_t count) const {
  std::vector<absl::string_view> values;
  values.reserve(count);
  const char* position = position_;
  for (size_t i = 0; i < count; ++i) {
    values.emplace_back(position, lengths_[i]);
    position += lengths_[i];
  }
  return values;
}

NumbersView BytesColumnReader::Stored(BoundsEntry::Column column,
                                      size_t count) const {
  if (column != BoundsEntry::Column::kLengths) return {};
  return lengths_.Stored(BoundsEntry::Column::kNumbers, count);
}

size_t BytesColumnReader::FirstRowWithKeyTwice(
    absl::Span<const uint32_t> counts) const {
  size_t total = 0;
  for (const uint32_t count : counts) total += count;
  return devstate::FirstRowWithKeyTwice(counts, Values(total));
}

void BytesColumnReader::AppendKeys(absl::Span<std::string> keys) const {
  const std::vector<absl::string_view> values = Values(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    // The length before it, because another part may follow.
    const auto size = static_cast<uint32_t>(values[i].size());
    keys[i].append(reinterpret_cast<const char*>(&size), sizeof(size));
    keys[i].append(values[i].data(), values[i].size());
  }
}

absl::Status BytesColumnReader::Decode(ValueKind kind, absl::string_view column,
                                       size_t count, DecodeContext& context) {
  FieldTable<kFirstWordField + kMaxWords - 1> fields;
  DS_RETURN_IF_ERROR(fields.Parse(column, kVarintFields, context));
  DS_RETURN_IF_ERROR(CheckKind(
      fields.has(kKindField) ? fields.value(kKindField) : 0, kind, context));
  const uint64_t layout =
      fields.has(kLayoutField) ? fields.value(kLayoutField) : 0;
  if (layout >= kColumnLayouts) {
    return context.Error(ERROR_REASON_UNKNOWN_CONTENT,
                         absl::StrCat("column has unknown layout ", layout,
                                      ": update the reader"));
  }
  SetDefault();
  if (fields.has(kLengthsField)) {
    DS_RETURN_IF_ERROR(
        lengths_.Decode(fields.bytes(kLengthsField), count, context));
  }
  absl::string_view data =
      fields.has(kDataField) ? fields.bytes(kDataField) : "";
  const bool words = layout == static_cast<uint64_t>(ColumnLayout::kWords);
  if (words) {
    if (fields.has(kDataField)) {
      return context.Error(ERROR_REASON_MALFORMED, "column has words and data");
    }
    DS_RETURN_IF_ERROR(DecodeWords(fields, count, context));
    data = words_.view();
  } else if (fields.HasAnyFrom(kFirstWordField)) {
    return context.Error(ERROR_REASON_MALFORMED,
                         "concatenated column has words");
  }
  const uint64_t sum = lengths_.Sum(count);
  if (sum != data.size()) {
    return context.Error(
        ERROR_REASON_MALFORMED,
        absl::StrCat("column has ", data.size(),
                     " bytes of data, its lengths add up to ", sum));
  }
  // Words are charged before they are put together.
  if (!words) DS_RETURN_IF_ERROR(context.ChargeMemory(sum, 1));
  position_ = data.data();
  if (kind == ValueKind::kText) {
    const size_t row =
        FirstInvalidText(data, count, [this](size_t i) { return lengths_[i]; });
    if (row != count) {
      return context.Error(ERROR_REASON_MALFORMED,
                           absl::StrCat("row ", row, " is not valid UTF-8"));
    }
  }
  return absl::OkStatus();
}

template <typename Fields>
absl::Status BytesColumnReader::DecodeWords(const Fields& fields, size_t count,
                                            DecodeContext& context) {
  const size_t length = count == 0 ? 0 : lengths_[0];
  if (length == 0 || length % kWordSize != 0 ||
      length > kMaxWords * kWordSize ||
      !lengths_.AllOf(count, [length](uint32_t l) { return l == length; })) {
    return context.Error(ERROR_REASON_MALFORMED,
                         "column of words whose values are not all of one "
                         "length, a multiple of 4 up to 32");
  }
  const size_t words = length / kWordSize;
  if (fields.HasAnyFrom(kFirstWordField + static_cast<int>(words))) {
    return context.Error(ERROR_REASON_MALFORMED,
                         "column has more words than its values");
  }
  DS_RETURN_IF_ERROR(context.ChargeMemory(count, length));
  words_.ResizeUninitialized(count * length);
  for (size_t word = 0; word < words; ++word) {
    const int field = kFirstWordField + static_cast<int>(word);
    word_.SetDefault();
    if (fields.has(field)) {
      DS_RETURN_IF_ERROR(word_.Decode(fields.bytes(field), count, context));
    }
    char* out = words_.data() + word * kWordSize;
    for (size_t i = 0; i < count; ++i) {
      StoreLittleEndian<uint32_t>(out + i * length, word_[i]);
    }
  }
  return absl::OkStatus();
}

}  // namespace devstate
