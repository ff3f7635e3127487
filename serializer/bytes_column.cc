// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "serializer/bytes_column.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "serializer/internal/utf8.h"
#include "serializer/message_reader.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Field numbers of BytesColumn.
constexpr uint32_t kKindField = 1;
constexpr uint32_t kLayoutField = 2;
constexpr uint32_t kLengthsField = 3;
constexpr uint32_t kDataField = 4;
constexpr uint32_t kVarintFields = 1u << kKindField | 1u << kLayoutField;

// Longer values of one length are seldom structured alike.
constexpr size_t kMaxTransposedLength = 32;

// Row of the first value that is not valid UTF-8, or `count`.
template <typename LengthAt>
size_t FirstInvalidText(absl::string_view data, size_t count,
                        LengthAt length_at) {
  if (IsAscii(data)) return count;
  size_t position = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t length = length_at(i);
    if (!IsValidUtf8(data.substr(position, length))) return i;
    position += length;
  }
  return count;
}

void Transpose(const char* in, size_t rows, size_t columns, char* out) {
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      out[column * rows + row] = in[row * columns + column];
    }
  }
}

}  // namespace

absl::Status BytesColumnBuilder::Validate() const {
  if (kind_ != TEXT) return absl::OkStatus();
  const size_t row = FirstInvalidText(data_.view(), lengths_.size(),
                                      [this](size_t i) { return lengths_[i]; });
  if (row == lengths_.size()) return absl::OkStatus();
  size_t position = 0;
  for (size_t i = 0; i < row; ++i) position += lengths_[i];
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", absl::CHexEscape(data_.view().substr(position, lengths_[row])),
      "\" is not valid UTF-8: declare the field as bytes, or convert the "
      "text"));
}

void BytesColumnBuilder::Encode(uint32_t field, MessageWriter& out) const {
  if (data_.empty()) return;
  const size_t count = lengths_.size();
  const size_t length = lengths_[0];
  const bool transpose =
      out.column_options().compressed && !out.column_options().plain &&
      count > 1 && length > 1 && length <= kMaxTransposedLength &&
      std::all_of(lengths_.data(), lengths_.data() + count,
                  [length](uint32_t l) { return l == length; });
  const MessageWriter::Nested nested =
      out.BeginNested(field, data_.size() + 16);
  out.WriteNumber(kKindField, kind_);
  out.WriteNumber(kLayoutField, transpose ? TRANSPOSED : CONCATENATED);
  EncodeNumbers<uint32_t>(kLengthsField, UNSIGNED, lengths_.data(), count, out);
  if (transpose) {
    Transpose(data_.data(), count, length,
              out.BeginBytes(kDataField, data_.size()));
  } else {
    out.WriteBytes(kDataField, data_.view());
  }
  out.EndNested(nested);
}

void BytesColumnReader::SetDefault() {
  lengths_.SetDefault();
  position_ = "";
}

absl::Status BytesColumnReader::Decode(absl::string_view column, size_t count,
                                       DecodeContext& context) {
  FieldTable<kDataField> fields;
  DS_RETURN_IF_ERROR(fields.Parse(column, kVarintFields, context));
  const uint64_t kind = fields.has(kKindField) ? fields.value(kKindField) : 0;
  if (kind != static_cast<uint64_t>(kind_)) {
    return context.Error(
        MALFORMED, absl::StrCat("column is of kind ", kind, ", the schema has ",
                                ColumnKind_Name(kind_)));
  }
  const uint64_t layout =
      fields.has(kLayoutField) ? fields.value(kLayoutField) : 0;
  if (layout > BytesLayout_MAX) {
    return context.Error(UNKNOWN_CONTENT,
                         absl::StrCat("column has unknown layout ", layout,
                                      ": update the reader"));
  }
  SetDefault();
  if (fields.has(kLengthsField)) {
    DS_RETURN_IF_ERROR(
        lengths_.Decode(fields.bytes(kLengthsField), count, context));
  }
  const absl::string_view data =
      fields.has(kDataField) ? fields.bytes(kDataField) : "";
  const uint64_t sum = lengths_.Sum(count);
  if (sum != data.size()) {
    return context.Error(
        MALFORMED, absl::StrCat("column has ", data.size(),
                                " bytes of data, its lengths add up to ", sum));
  }
  position_ = data.data();
  if (layout == TRANSPOSED) {
    const size_t length = count == 0 ? 0 : lengths_[0];
    if (!lengths_.AllOf(count, [length](uint32_t l) { return l == length; })) {
      return context.Error(MALFORMED,
                           "transposed column with values of several lengths");
    }
    DS_RETURN_IF_ERROR(context.ChargeMemory(data.size(), 1));
    transposed_.ResizeUninitialized(data.size());
    Transpose(data.data(), length, count, transposed_.data());
    position_ = transposed_.data();
  }
  if (kind_ == TEXT) {
    const size_t row =
        FirstInvalidText({position_, data.size()}, count,
                         [this](size_t i) { return lengths_[i]; });
    if (row != count) {
      return context.Error(MALFORMED,
                           absl::StrCat("row ", row, " is not valid UTF-8"));
    }
  }
  return absl::OkStatus();
}

}  // namespace devstate
