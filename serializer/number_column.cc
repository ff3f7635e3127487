// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "serializer/number_column.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "serializer/internal/little_endian.h"
#include "serializer/message_reader.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Field numbers of NumberColumn.
constexpr uint32_t kKindField = 1;
constexpr uint32_t kEncodingField = 2;
constexpr uint32_t kBaseField = 3;
constexpr uint32_t kStepField = 4;
constexpr uint32_t kWidthField = 5;
constexpr uint32_t kDataField = 6;
constexpr uint32_t kValuesField = 7;
constexpr uint32_t kVarintFields = 1u << kKindField | 1u << kEncodingField |
                                   1u << kBaseField | 1u << kStepField |
                                   1u << kWidthField;

// In BYTE and DELTA_BYTE: the number stands in `values`.
constexpr uint8_t kException = 255;

// Exact sizes of PLAIN are worth computing for columns up to this length only.
constexpr size_t kMaxPlainTrial = 64;

size_t BytesFor(uint64_t value) {
  return static_cast<size_t>(64 - __builtin_clzll(value | 1) + 7) / 8;
}

// --- Encoding ---

// The distinct values of a column, as long as there are few.
class Dictionary {
 public:
  static constexpr size_t kMaxSize = 256;

  // Index of `value`, added if need be; kMaxSize if there is no room for it.
  size_t IndexOf(uint64_t value) {
    size_t slot = (value * 0x9e3779b97f4a7c15u) >> (64 - kSlotBits);
    while (slots_[slot] != 0) {
      if (values_[slots_[slot] - 1u] == value) return slots_[slot] - 1u;
      slot = (slot + 1) % kSlots;
    }
    if (size_ == kMaxSize) return kMaxSize;
    values_[size_] = value;
    slots_[slot] = static_cast<uint16_t>(++size_);
    return size_ - 1;
  }

  // False if there are too many distinct values.
  template <typename Bits>
  bool Build(const Bits* values, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (IndexOf(values[i]) == kMaxSize) return false;
    }
    return true;
  }

  size_t size() const { return size_; }
  uint64_t value(size_t index) const { return values_[index]; }

 private:
  static constexpr int kSlotBits = 9;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;
  uint64_t values_[kMaxSize];
  // Index + 1 into values_, or 0.
  uint16_t slots_[kSlots] = {};
  size_t size_ = 0;
};

// What the choice of an encoding depends on.
struct Shape {
  uint64_t min = std::numeric_limits<uint64_t>::max();
  uint64_t max = 0;
  size_t runs = 1;
  bool sequence = true;
  // Values and differences that need more than one byte, and all bits of the
  // latter.
  size_t wide_values = 0;
  size_t wide_deltas = 0;
  uint64_t delta_bits = 0;
};

template <typename Bits>
void MeasureRange(const Bits* values, size_t count, Shape& shape) {
  Bits min = values[0];
  Bits max = values[0];
  for (size_t i = 1; i < count; ++i) {
    min = std::min(min, values[i]);
    max = std::max(max, values[i]);
  }
  shape.min = min;
  shape.max = max;
}

template <typename Bits>
void MeasureSteps(const Bits* values, size_t count, Shape& shape) {
  const uint64_t min = shape.min;
  const uint64_t step = uint64_t{values[1]} - values[0];
  size_t changes = 0, wide_values = values[0] - min >= kException,
         wide_deltas = 0;
  uint64_t other_steps = 0, delta_bits = 0;
  for (size_t i = 1; i < count; ++i) {
    const uint64_t delta = uint64_t{values[i]} - values[i - 1];
    const uint64_t zigzag = ZigZag(static_cast<int64_t>(delta));
    changes += delta != 0;
    other_steps |= delta ^ step;
    delta_bits |= zigzag;
    wide_deltas += zigzag >= kException;
    wide_values += values[i] - min >= kException;
  }
  shape.runs = changes + 1;
  shape.sequence = other_steps == 0;
  shape.wide_values = wide_values;
  shape.wide_deltas = wide_deltas;
  shape.delta_bits = delta_bits;
}

// The encoding with the fewest bytes by a close estimate that depends on the
// values alone; the simpler one at a tie.
template <typename Bits>
class Chooser {
 public:
  Chooser(const Bits* values, size_t count, const Shape& shape)
      : values_(values), count_(count), shape_(shape) {}

  NumberEncoding Choose(Dictionary& dictionary, size_t* size) {
    const uint64_t range = shape_.max - shape_.min;
    if (count_ <= kMaxPlainTrial) {
      size_t plain = 0;
      for (size_t i = 0; i < count_; ++i) plain += VarintSize(values_[i]);
      Offer(PLAIN, plain);
    }
    if (shape_.sequence) Offer(SEQUENCE, 2 * VarintSize(shape_.max));
    Offer(RUN_LENGTH, shape_.runs * (VarintSize(shape_.max) +
                                     VarintSize(count_ / shape_.runs)));
    Offer(BYTE, count_ + shape_.wide_values * VarintSize(range));
    Offer(DELTA_BYTE,
          count_ + shape_.wide_deltas * VarintSize(shape_.delta_bits));
    Offer(FIXED, count_ * BytesFor(range));
    // The dearest to try comes last, and only where it can win.
    if (best_size_ > count_ + count_ / 16 &&
        dictionary.Build(values_, count_)) {
      Offer(DICTIONARY, count_ + dictionary.size() * VarintSize(shape_.max));
    }
    *size = best_size_;
    return best_;
  }

 private:
  void Offer(NumberEncoding encoding, size_t size) {
    if (size >= best_size_) return;
    best_ = encoding;
    best_size_ = size;
  }

  const Bits* const values_;
  const size_t count_;
  const Shape& shape_;
  NumberEncoding best_ = PLAIN;
  size_t best_size_ = std::numeric_limits<size_t>::max();
};

template <typename Bits>
void WritePlain(const Bits* values, size_t count, MessageWriter& out) {
  const MessageWriter::Nested nested = out.BeginNested(kValuesField, count);
  for (size_t i = 0; i < count; ++i) out.WriteVarint(values[i]);
  out.EndNested(nested);
}

template <typename Bits>
void WriteRuns(const Bits* values, size_t count, MessageWriter& out) {
  const MessageWriter::Nested nested = out.BeginNested(kValuesField, count);
  for (size_t i = 0; i < count;) {
    size_t end = i + 1;
    while (end < count && values[end] == values[i]) ++end;
    out.WriteVarint(values[i]);
    out.WriteVarint(end - i);
    i = end;
  }
  out.EndNested(nested);
}

// `number(i)` is what byte i stands for.
template <typename Number>
void WriteBytesWithExceptions(size_t count, Number number, MessageWriter& out) {
  char* data = out.BeginBytes(kDataField, count);
  const size_t data_position = static_cast<size_t>(data - out.out().data());
  size_t exceptions = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t value = number(i);
    exceptions += value >= kException;
    data[i] = static_cast<char>(value < kException ? value : kException);
  }
  if (exceptions == 0) return;
  const MessageWriter::Nested nested =
      out.BeginNested(kValuesField, exceptions * 2);
  // Room first, so that the data does not move under the search.
  out.out().Reserve(out.out().size() + exceptions * kMaxVarintSize);
  const char* begin = out.out().data() + data_position;
  const char* end = begin + count;
  for (const char* p = begin; exceptions > 0; --exceptions, ++p) {
    p = static_cast<const char*>(
        std::memchr(p, kException, static_cast<size_t>(end - p)));
    out.WriteVarint(number(static_cast<size_t>(p - begin)));
  }
  out.EndNested(nested);
}

template <typename Bits>
void WriteFixed(const Bits* values, size_t count, uint64_t min, size_t width,
                MessageWriter& out) {
  // The last store may reach past the field; what is behind is written later.
  char* data = out.BeginBytes(kDataField, count * width);
  const size_t end = out.out().size();
  const size_t position = static_cast<size_t>(data - out.out().data());
  out.out().Reserve(end + sizeof(uint64_t));
  data = out.out().data() + position;
  for (size_t i = 0; i < count; ++i) {
    StoreLittleEndian<uint64_t>(data + i * width, values[i] - min);
  }
}

template <typename Bits>
void WriteDictionary(const Bits* values, size_t count, Dictionary& dictionary,
                     MessageWriter& out) {
  char* data = out.BeginBytes(kDataField, count);
  for (size_t i = 0; i < count; ++i) {
    data[i] = static_cast<char>(dictionary.IndexOf(values[i]));
  }
  const MessageWriter::Nested nested =
      out.BeginNested(kValuesField, dictionary.size() * 2);
  for (size_t i = 0; i < dictionary.size(); ++i) {
    out.WriteVarint(dictionary.value(i));
  }
  out.EndNested(nested);
}

// --- Decoding ---

// A NumberColumn message taken apart.
struct ColumnParts {
  NumberEncoding encoding;
  uint64_t base;
  uint64_t step;
  uint64_t width;
  absl::string_view data;
  absl::string_view values;
};

absl::Status TakeApart(absl::string_view column, ColumnKind kind,
                       const DecodeContext& context, ColumnParts* parts) {
  FieldTable<kValuesField> fields;
  DS_RETURN_IF_ERROR(fields.Parse(column, kVarintFields, context));
  const uint64_t found_kind =
      fields.has(kKindField) ? fields.value(kKindField) : 0;
  if (found_kind != static_cast<uint64_t>(kind)) {
    return context.Error(
        MALFORMED, absl::StrCat("column is of kind ", found_kind,
                                ", the schema has ", ColumnKind_Name(kind)));
  }
  const uint64_t encoding =
      fields.has(kEncodingField) ? fields.value(kEncodingField) : 0;
  if (encoding > NumberEncoding_MAX) {
    return context.Error(UNKNOWN_CONTENT,
                         absl::StrCat("column has unknown encoding ", encoding,
                                      ": update the reader"));
  }
  parts->encoding = static_cast<NumberEncoding>(encoding);
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
      case PLAIN:
        DS_RETURN_IF_ERROR(ExpectDataSize(0));
        for (size_t i = 0; i < count_ && !values.failed(); ++i) {
          Put(i, values.Next());
        }
        break;
      case SEQUENCE:
        DS_RETURN_IF_ERROR(ExpectDataSize(0));
        for (size_t i = 0; i < count_; ++i) {
          Put(i, parts_.base + i * parts_.step);
        }
        break;
      case RUN_LENGTH:
        DS_RETURN_IF_ERROR(ExpectDataSize(0));
        DS_RETURN_IF_ERROR(DecodeRuns(values));
        break;
      case BYTE:
        DS_RETURN_IF_ERROR(ExpectDataSize(1));
        DecodeBytes(values);
        break;
      case DELTA_BYTE:
        DS_RETURN_IF_ERROR(ExpectDataSize(1));
        DecodeDeltas(values);
        break;
      case FIXED:
        if (parts_.width < 1 || parts_.width > 8) {
          return context_.Error(MALFORMED,
                                absl::StrCat("width is ", parts_.width,
                                             ", expected 1 to 8 bytes"));
        }
        DS_RETURN_IF_ERROR(ExpectDataSize(parts_.width));
        DecodeFixed();
        break;
      case DICTIONARY:
        DS_RETURN_IF_ERROR(ExpectDataSize(1));
        DS_RETURN_IF_ERROR(DecodeDictionary(values));
        break;
      default:
        return context_.Error(UNKNOWN_CONTENT, "column has unknown encoding");
    }
    if (values.failed() || !values.at_end()) {
      return context_.Error(
          MALFORMED,
          absl::StrCat("column has too ", values.failed() ? "few" : "many",
                       " values for its ", count_, " rows"));
    }
    if (too_wide_ != 0) {
      return context_.Error(MALFORMED, absl::StrCat("a value does not fit ",
                                                    sizeof(Bits) * 8, " bits"));
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
        MALFORMED, absl::StrCat("column has ", parts_.data.size(),
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
        return context_.Error(
            MALFORMED, absl::StrCat("run of length ", length, " at row ", i,
                                    " of ", count_));
      }
      Put(i, value);
      std::fill_n(out_ + i, length, out_[i]);
      i += length;
    }
    return absl::OkStatus();
  }

  void DecodeBytes(VarintCursor& values) {
    const uint64_t base = parts_.base;
    // Locals, so that the loop is free of aliasing and can be vectorized.
    const uint8_t* data = reinterpret_cast<const uint8_t*>(parts_.data.data());
    Bits* out = out_;
    if (base <= std::numeric_limits<Bits>::max() - kException) {
      const Bits narrow_base = static_cast<Bits>(base);
      for (size_t i = 0; i < count_; ++i) {
        out[i] = static_cast<Bits>(narrow_base + data[i]);
      }
    } else {
      // A byte of 255 is replaced below, but must not count as too wide here.
      for (size_t i = 0; i < count_; ++i) {
        if (data[i] != kException) Put(i, base + data[i]);
      }
    }
    for (const uint8_t *p = data, *end = data + count_;
         (p = static_cast<const uint8_t*>(std::memchr(
              p, kException, static_cast<size_t>(end - p)))) != nullptr;
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
      if (ABSL_PREDICT_FALSE(number == kException)) number = values.Next();
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
    for (size_t i = 0; i < count_; ++i) {
      uint64_t number = 0;
      std::memcpy(&number, parts_.data.data() + i * parts_.width, parts_.width);
      Put(i, parts_.base + number);
    }
  }

  absl::Status DecodeDictionary(VarintCursor& values) {
    uint64_t table[Dictionary::kMaxSize];
    size_t size = 0;
    while (!values.at_end() && !values.failed() &&
           size < Dictionary::kMaxSize) {
      table[size++] = values.Next();
    }
    for (size_t i = 0; i < count_; ++i) {
      if (Byte(i) >= size) {
        return context_.Error(MALFORMED,
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

template <typename Bits>
void EncodeNumbers(uint32_t field, ColumnKind kind, const Bits* values,
                   size_t count, MessageWriter& out) {
  if (count == 0) return;
  Shape shape;
  MeasureRange(values, count, shape);
  if (shape.max == 0) return;
  NumberEncoding encoding = PLAIN;
  size_t size = count;
  Dictionary dictionary;
  if (!out.column_options().plain) {
    if (shape.min == shape.max) {
      encoding = CONSTANT;
      size = VarintSize(shape.max);
    } else {
      MeasureSteps(values, count, shape);
      encoding = Chooser<Bits>(values, count, shape).Choose(dictionary, &size);
    }
  }
  const MessageWriter::Nested nested = out.BeginNested(field, size + 16);
  out.WriteNumber(kKindField, kind);
  out.WriteNumber(kEncodingField, encoding);
  switch (encoding) {
    case CONSTANT:
      out.WriteNumber(kBaseField, shape.min);
      break;
    case SEQUENCE:
      out.WriteNumber(kBaseField, values[0]);
      out.WriteNumber(kStepField, uint64_t{values[1]} - values[0]);
      break;
    case RUN_LENGTH:
      WriteRuns(values, count, out);
      break;
    case BYTE: {
      const uint64_t min = shape.min;
      out.WriteNumber(kBaseField, min);
      WriteBytesWithExceptions(
          count, [values, min](size_t i) { return values[i] - min; }, out);
      break;
    }
    case DELTA_BYTE:
      out.WriteNumber(kBaseField, values[0]);
      WriteBytesWithExceptions(
          count,
          [values](size_t i) {
            return ZigZag(static_cast<int64_t>(uint64_t{values[i]} -
                                               values[i == 0 ? 0 : i - 1]));
          },
          out);
      break;
    case FIXED: {
      const size_t width = BytesFor(shape.max - shape.min);
      out.WriteNumber(kBaseField, shape.min);
      out.WriteNumber(kWidthField, width);
      WriteFixed(values, count, shape.min, width, out);
      break;
    }
    case DICTIONARY:
      WriteDictionary(values, count, dictionary, out);
      break;
    default:
      WritePlain(values, count, out);
      break;
  }
  out.EndNested(nested);
}

template <typename Bits>
absl::Status DecodeNumbers(absl::string_view column, ColumnKind kind,
                           size_t count, DecodeContext& context,
                           UninitializedBuffer<Bits>& values, bool* constant) {
  if (count == 0) {
    return context.Error(MALFORMED, "column without a row");
  }
  ColumnParts parts;
  DS_RETURN_IF_ERROR(TakeApart(column, kind, context, &parts));
  *constant = parts.encoding == CONSTANT;
  const size_t stored = *constant ? 1 : count;
  DS_RETURN_IF_ERROR(context.ChargeMemory(stored, sizeof(Bits)));
  values.ResizeUninitialized(stored);
  if (*constant) {
    if (!parts.data.empty() || !parts.values.empty() ||
        parts.base > std::numeric_limits<Bits>::max()) {
      return context.Error(MALFORMED,
                           "constant column with data or a value too wide");
    }
    values[0] = static_cast<Bits>(parts.base);
    return absl::OkStatus();
  }
  return ColumnDecoder<Bits>(parts, count, context, values.data()).Decode();
}

template void EncodeNumbers(uint32_t, ColumnKind, const uint8_t*, size_t,
                            MessageWriter&);
template void EncodeNumbers(uint32_t, ColumnKind, const uint32_t*, size_t,
                            MessageWriter&);
template void EncodeNumbers(uint32_t, ColumnKind, const uint64_t*, size_t,
                            MessageWriter&);
template absl::Status DecodeNumbers(absl::string_view, ColumnKind, size_t,
                                    DecodeContext&,
                                    UninitializedBuffer<uint8_t>&, bool*);
template absl::Status DecodeNumbers(absl::string_view, ColumnKind, size_t,
                                    DecodeContext&,
                                    UninitializedBuffer<uint32_t>&, bool*);
template absl::Status DecodeNumbers(absl::string_view, ColumnKind, size_t,
                                    DecodeContext&,
                                    UninitializedBuffer<uint64_t>&, bool*);

}  // namespace devstate
