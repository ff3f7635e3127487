// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One function for each encoding that takes more than a line. Most loops look
// for no errors: bits that do not fit are or'ed together, and values that are
// too few or too many are found after the last row. A check of each value would
// cost more than its decoding.

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/column_encoding.h"
#include "devstate/serializer/internal/column_loops.h"
#include "devstate/serializer/internal/little_endian.h"
#include "devstate/serializer/internal/number_column_fields.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::devstate::number_column::kBaseField;
using ::devstate::number_column::kDataField;
using ::devstate::number_column::kEncodingField;
using ::devstate::number_column::kKindField;
using ::devstate::number_column::kMaxDictionarySize;
using ::devstate::number_column::kStepField;
using ::devstate::number_column::kValuesField;
using ::devstate::number_column::kWidthField;

constexpr uint32_t kVarintFields = 1u << kKindField | 1u << kEncodingField |
                                   1u << kBaseField | 1u << kStepField |
                                   1u << kWidthField;

// A NumberColumn message taken apart.
struct ColumnParts {
  ColumnEncoding encoding;
  uint64_t base;
  uint64_t step;
  uint64_t width;
  absl::string_view data;
  absl::string_view values;
};

// A bit for each part from `base` on that columns of `encoding` may have.
uint32_t PartsOf(ColumnEncoding encoding) {
  switch (encoding) {
    case ColumnEncoding::kConstant:
      return 1u << kBaseField;
    case ColumnEncoding::kSequence:
      return 1u << kBaseField | 1u << kStepField;
    case ColumnEncoding::kByte:
    case ColumnEncoding::kDeltaByte:
      return 1u << kBaseField | 1u << kDataField | 1u << kValuesField;
    case ColumnEncoding::kFixed:
      return 1u << kBaseField | 1u << kWidthField | 1u << kDataField;
    case ColumnEncoding::kDictionary:
      return 1u << kDataField | 1u << kValuesField;
    default:
      return 1u << kValuesField;
  }
}

absl::Status TakeApart(absl::string_view column, ValueKind kind,
                       const DecodeContext& context, ColumnParts* parts) {
  FieldTable<kValuesField> fields;
  DS_RETURN_IF_ERROR(fields.Parse(column, kVarintFields, context));
  DS_RETURN_IF_ERROR(CheckKind(
      fields.has(kKindField) ? fields.value(kKindField) : 0, kind, context));
  const uint64_t encoding =
      fields.has(kEncodingField) ? fields.value(kEncodingField) : 0;
  if (encoding >= kColumnEncodings) {
    return context.Error(ERROR_REASON_UNKNOWN_CONTENT,
                         absl::StrCat("column has unknown encoding ", encoding,
                                      ": update the reader"));
  }
  parts->encoding = static_cast<ColumnEncoding>(encoding);
  for (uint32_t part = kBaseField; part <= kValuesField; ++part) {
    if (fields.has(static_cast<int>(part)) &&
        (PartsOf(parts->encoding) >> part & 1) == 0) {
      return context.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("column has a part ", part, ", which ",
                       EncodingName(parts->encoding), " does not use"));
    }
  }
  parts->base = fields.has(kBaseField) ? fields.value(kBaseField) : 0;
  parts->step = fields.has(kStepField) ? fields.value(kStepField) : 0;
  parts->width = fields.has(kWidthField) ? fields.value(kWidthField) : 0;
  parts->data = fields.has(kDataField) ? fields.bytes(kDataField) : "";
  parts->values = fields.has(kValuesField) ? fields.bytes(kValuesField) : "";
  return absl::OkStatus();
}

// Reads `values` one by one.
class VarintCursor {
 public:
  explicit VarintCursor(absl::string_view values)
      : position_(values.data()), end_(values.data() + values.size()) {}

  uint64_t Next() {
    uint64_t value = 0;
    const char* next =
        position_ == nullptr ? nullptr : DecodeVarint(position_, end_, &value);
    if (next == nullptr) {
      failed_ = true;
      return 0;
    }
    position_ = next;
    return value;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return position_ == end_; }

 private:
  const char* position_;
  const char* end_;
  bool failed_ = false;
};

template <typename Bits>
class ColumnDecoder {
 public:
  ColumnDecoder(const ColumnParts& parts, size_t count, DecodeContext& context,
                Bits* out)
      : parts_(parts), count_(count), context_(context), out_(out) {}

  absl::Status Decode() {
    VarintCursor values(parts_.values);
    switch (parts_.encoding) {
      case ColumnEncoding::kPlain:
        for (size_t i = 0; i < count_ && !values.failed(); ++i) {
          Put(i, values.Next());
        }
        break;
      case ColumnEncoding::kSequence:
        for (size_t i = 0; i < count_; ++i) {
          Put(i, parts_.base + i * parts_.step);
        }
        break;
      case ColumnEncoding::kRunLength:
        DS_RETURN_IF_ERROR(DecodeRuns(values));
        break;
      case ColumnEncoding::kByte:
        DS_RETURN_IF_ERROR(ExpectDataSize(1));
        DecodeBytes(values);
        break;
      case ColumnEncoding::kDeltaByte:
        DS_RETURN_IF_ERROR(ExpectDataSize(1));
        DecodeDeltas(values);
        break;
      case ColumnEncoding::kFixed:
        if (parts_.width < 1 || parts_.width > 8) {
          return context_.Error(ERROR_REASON_MALFORMED,
                                absl::StrCat("width is ", parts_.width,
                                             ", expected 1 to 8 bytes"));
        }
        DS_RETURN_IF_ERROR(ExpectDataSize(parts_.width));
        DecodeFixed();
        break;
      case ColumnEncoding::kDictionary:
        DS_RETURN_IF_ERROR(ExpectDataSize(1));
        DS_RETURN_IF_ERROR(DecodeDictionary(values));
        break;
      default:
        return context_.Error(ERROR_REASON_UNKNOWN_CONTENT,
                              "column has unknown encoding");
    }
    if (values.failed() || !values.at_end()) {
      return context_.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("column has too ", values.failed() ? "few" : "many",
                       " values for its ", count_, " rows"));
    }
    if (too_wide_ != 0) {
      return context_.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("a value does not fit ", sizeof(Bits) * 8, " bits"));
    }
    return absl::OkStatus();
  }

 private:
  void Put(size_t i, uint64_t value) {
    out_[i] = static_cast<Bits>(value);
    too_wide_ |= value ^ static_cast<Bits>(value);
  }

  absl::Status ExpectDataSize(uint64_t width) const {
    if (parts_.data.size() == count_ * width) return absl::OkStatus();
    return context_.Error(
        ERROR_REASON_MALFORMED,
        absl::StrCat("column has ", parts_.data.size(),
                     " bytes of data, expected ", count_ * width));
  }

  uint8_t Byte(size_t i) const { return static_cast<uint8_t>(parts_.data[i]); }

  absl::Status DecodeRuns(VarintCursor& values) {
    size_t i = 0;
    while (i < count_) {
      const uint64_t value = values.Next();
      const uint64_t length = values.Next();
      if (values.failed()) return absl::OkStatus();
      if (length == 0 || length > count_ - i) {
        return context_.Error(ERROR_REASON_MALFORMED,
                              absl::StrCat("run of length ", length, " at row ",
                                           i, " of ", count_));
      }
      Put(i, value);
      FillRun(i, length);
      i += length;
    }
    return absl::OkStatus();
  }

  // Repeats value `i`. Most runs are so short that a loop's end, which
  // processors predict wrongly, costs more than stores that the next run
  // overwrites.
  void FillRun(size_t i, uint64_t length) {
    constexpr size_t kShort = 8;
    if (count_ - i < kShort) {
      std::fill_n(out_ + i, length, out_[i]);
      return;
    }
    std::fill_n(out_ + i, kShort, out_[i]);
    if (length > kShort) std::fill_n(out_ + i, length, out_[i]);
  }

  void DecodeBytes(VarintCursor& values) {
    const uint64_t base = parts_.base;
    const uint8_t* data = reinterpret_cast<const uint8_t*>(parts_.data.data());
    if (base <= std::numeric_limits<Bits>::max() - kByteException) {
      WidenValues(data, count_, static_cast<Bits>(base), out_);
    } else {
      for (size_t i = 0; i < count_; ++i) {
        // The numbers of exceptions come below.
        if (data[i] != kByteException) Put(i, base + data[i]);
      }
    }
    for (const uint8_t *p = data, *end = data + count_;
         (p = static_cast<const uint8_t*>(std::memchr(
              p, kByteException, static_cast<size_t>(end - p)))) != nullptr;
         ++p) {
      Put(static_cast<size_t>(p - data), base + values.Next());
      if (values.failed() || p + 1 == end) return;
    }
  }

  void DecodeDeltas(VarintCursor& values) {
    const uint8_t* data = reinterpret_cast<const uint8_t*>(parts_.data.data());
    uint64_t value = parts_.base;
    for (size_t i = 0; i < count_; ++i) {
      uint64_t number = data[i];
      if (ABSL_PREDICT_FALSE(number == kByteException)) number = values.Next();
      value += static_cast<uint64_t>(UnZigZag(number));
      Put(i, value);
    }
  }

  template <typename Stored>
  void DecodeFixedAs() {
    const char* data = parts_.data.data();
    for (size_t i = 0; i < count_; ++i) {
      Put(i, parts_.base + LoadLittleEndian<Stored>(data + i * sizeof(Stored)));
    }
  }

  void DecodeFixed() {
    switch (parts_.width) {
      case 1:
        return DecodeFixedAs<uint8_t>();
      case 2:
        return DecodeFixedAs<uint16_t>();
      case 4:
        return DecodeFixedAs<uint32_t>();
      case 8:
        return DecodeFixedAs<uint64_t>();
    }
    const size_t width = static_cast<size_t>(parts_.width);
    for (size_t i = 0; i < count_; ++i) {
      Put(i, parts_.base +
                 LoadLittleEndian(parts_.data.data() + i * width, width));
    }
  }

  absl::Status DecodeDictionary(VarintCursor& values) {
    uint64_t table[kMaxDictionarySize];
    size_t size = 0;
    while (!values.at_end() && !values.failed() && size < kMaxDictionarySize) {
      table[size++] = values.Next();
    }
    for (size_t i = 0; i < count_; ++i) {
      if (Byte(i) >= size) {
        return context_.Error(ERROR_REASON_MALFORMED,
                              absl::StrCat("row ", i, " has index ", Byte(i),
                                           " into a dictionary of ", size));
      }
      Put(i, table[Byte(i)]);
    }
    return absl::OkStatus();
  }

  const ColumnParts& parts_;
  const size_t count_;
  DecodeContext& context_;
  Bits* const out_;
  // Bits of any value beyond Bits.
  uint64_t too_wide_ = 0;
};

}  // namespace

absl::Status CheckKind(uint64_t found, ValueKind expected,
                       const DecodeContext& context) {
  if (found == static_cast<uint64_t>(expected)) return absl::OkStatus();
  if (found >= kValueKinds) {
    return context.Error(ERROR_REASON_UNKNOWN_CONTENT,
                         absl::StrCat("column is of unknown kind ", found,
                                      ": update the reader"));
  }
  return context.Error(ERROR_REASON_MALFORMED,
                       absl::StrCat("column is of kind ", found,
                                    ", the schema has ", KindName(expected)));
}

template <typename Bits>
absl::Status DecodeNumbers(absl::string_view column, ValueKind kind,
                           size_t count, DecodeContext& context,
                           UninitializedBuffer<Bits>& values, bool* constant) {
  if (count == 0) {
    return context.Error(ERROR_REASON_MALFORMED, "column without a row");
  }
  ColumnParts parts;
  DS_RETURN_IF_ERROR(TakeApart(column, kind, context, &parts));
  *constant = parts.encoding == ColumnEncoding::kConstant;
  const size_t stored = *constant ? 1 : count;
  values.ResizeUninitialized(stored);
  if (*constant) {
    if (parts.base > std::numeric_limits<Bits>::max()) {
      return context.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("a value does not fit ", sizeof(Bits) * 8, " bits"));
    }
    values[0] = static_cast<Bits>(parts.base);
    return absl::OkStatus();
  }
  return ColumnDecoder<Bits>(parts, count, context, values.data()).Decode();
}

template absl::Status DecodeNumbers(absl::string_view, ValueKind, size_t,
                                    DecodeContext&,
                                    UninitializedBuffer<uint8_t>&, bool*);
template absl::Status DecodeNumbers(absl::string_view, ValueKind, size_t,
                                    DecodeContext&,
                                    UninitializedBuffer<uint32_t>&, bool*);
template absl::Status DecodeNumbers(absl::string_view, ValueKind, size_t,
                                    DecodeContext&,
                                    UninitializedBuffer<uint64_t>&, bool*);

}  // namespace devstate
