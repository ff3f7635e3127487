// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "serializer/number_column.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "serializer/internal/column_loops.h"
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

// Exact sizes of PLAIN are worth computing for columns up to this length only.
constexpr size_t kMaxPlainTrial = 64;

size_t BytesFor(uint64_t value) {
  return static_cast<size_t>(64 - __builtin_clzll(value | 1) + 7) / 8;
}

// --- Encoding ---

// The distinct values of a column, as long as there are few, and the index of
// each row's value.
class Dictionary {
 public:
  static constexpr size_t kMaxSize = 256;

  // False if there are too many distinct values. The indices lie in `scratch`.
  template <typename Bits>
  bool Build(const Bits* values, size_t count, ByteBuffer& scratch) {
    scratch.ResizeUninitialized(count);
    indices_ = scratch.view();
    for (size_t i = 0; i < count; ++i) {
      const size_t index = IndexOf(values[i]);
      if (index == kMaxSize) return false;
      scratch[i] = static_cast<char>(index);
    }
    return true;
  }

  size_t size() const { return size_; }
  uint64_t value(size_t index) const { return values_[index]; }
  absl::string_view indices() const { return indices_; }

 private:
  static constexpr int kSlotBits = 10;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;

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

  uint64_t values_[kMaxSize];
  // Index + 1 into values_, or 0.
  uint16_t slots_[kSlots] = {};
  size_t size_ = 0;
  absl::string_view indices_;
};

template <typename Bits>
bool IsConstant(const Bits* values, size_t count) {
  return std::memcmp(values, values + 1, (count - 1) * sizeof(Bits)) == 0;
}

template <typename Bits>
bool IsSequence(const Bits* values, size_t count) {
  const uint64_t step = uint64_t{values[1]} - values[0];
  for (size_t i = 2; i < count; ++i) {
    if (uint64_t{values[i]} - values[i - 1] != step) return false;
  }
  return true;
}

// Finds the encoding with the fewest bytes by a close estimate that depends on
// the values alone; the simpler one at a tie. The values are not all the same.
template <typename Bits>
class Chooser {
 public:
  Chooser(const Bits* values, size_t count)
      : values_(values), count_(count), range_(MeasureRange(values, count)) {}

  // `scratch` is for the dictionary's indices.
  NumberEncoding Choose(ByteBuffer& scratch) {
    const uint64_t width = range_.max - range_.min;
    const size_t value_size = VarintSize(range_.max);
    if (count_ <= kMaxPlainTrial) {
      size_t plain = 0;
      for (size_t i = 0; i < count_; ++i) plain += VarintSize(values_[i]);
      Offer(PLAIN, plain);
    }
    if (IsSequence(values_, count_)) Offer(SEQUENCE, 2 * value_size);
    const size_t runs = range_.changes + 1;
    Offer(RUN_LENGTH, runs * (value_size + VarintSize(count_ / runs)));
    if (width < kByteException) {
      Offer(BYTE, count_);
      return best_;
    }
    // From here on it costs a look at every value: not for nothing.
    if (best_size_ <= count_) return best_;
    const ValueSteps steps = MeasureSteps(values_, count_, range_.min);
    Offer(BYTE, count_ + steps.wide_values * VarintSize(width));
    Offer(DELTA_BYTE,
          count_ + steps.wide_deltas * VarintSize(steps.delta_bits));
    Offer(FIXED, count_ * BytesFor(width));
    if (best_size_ > count_ + count_ / 8 &&
        dictionary_.Build(values_, count_, scratch)) {
      Offer(DICTIONARY, count_ + dictionary_.size() * value_size);
    }
    return best_;
  }

  // What Choose() expects the column to take.
  size_t size() const { return best_size_; }
  uint64_t min() const { return range_.min; }
  uint64_t max() const { return range_.max; }
  const Dictionary& dictionary() const { return dictionary_; }

 private:
  void Offer(NumberEncoding encoding, size_t size) {
    if (size >= best_size_) return;
    best_ = encoding;
    best_size_ = size;
  }

  const Bits* const values_;
  const size_t count_;
  const ValueRange range_;
  Dictionary dictionary_;
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

// Writes `count` bytes by `narrow`, which returns how many of them are
// exceptions, and the numbers that these stand for, by `number` of the row.
template <typename Narrow, typename Number>
void WriteBytesWithExceptions(size_t count, Narrow narrow, Number number,
                              MessageWriter& out) {
  char* data = out.BeginBytes(kDataField, count);
  const size_t data_position = static_cast<size_t>(data - out.out().data());
  size_t exceptions = narrow(reinterpret_cast<uint8_t*>(data));
  if (exceptions == 0) return;
  const MessageWriter::Nested nested =
      out.BeginNested(kValuesField, exceptions * 3);
  // Room first, so that the data does not move under the search.
  out.out().Reserve(out.out().size() + exceptions * kMaxVarintSize);
  const char* begin = out.out().data() + data_position;
  const char* end = begin + count;
  for (const char* p = begin; exceptions > 0; --exceptions, ++p) {
    p = static_cast<const char*>(
        std::memchr(p, kByteException, static_cast<size_t>(end - p)));
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

void WriteDictionary(const Dictionary& dictionary, MessageWriter& out) {
  out.WriteBytes(kDataField, dictionary.indices());
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

// A bit for each part from `base` on that columns of `encoding` may have.
uint32_t PartsOf(NumberEncoding encoding) {
  switch (encoding) {
    case CONSTANT:
      return 1u << kBaseField;
    case SEQUENCE:
      return 1u << kBaseField | 1u << kStepField;
    case BYTE:
    case DELTA_BYTE:
      return 1u << kBaseField | 1u << kDataField | 1u << kValuesField;
    case FIXED:
      return 1u << kBaseField | 1u << kWidthField | 1u << kDataField;
    case DICTIONARY:
      return 1u << kDataField | 1u << kValuesField;
    default:
      return 1u << kValuesField;
  }
}

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
  for (uint32_t part = kBaseField; part <= kValuesField; ++part) {
    if (fields.has(static_cast<int>(part)) &&
        (PartsOf(parts->encoding) >> part & 1) == 0) {
      return context.Error(
          MALFORMED,
          absl::StrCat("column has a part ", part, ", which ",
                       NumberEncoding_Name(parts->encoding), " does not use"));
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
      case PLAIN:
        for (size_t i = 0; i < count_ && !values.failed(); ++i) {
          Put(i, values.Next());
        }
        break;
      case SEQUENCE:
        for (size_t i = 0; i < count_; ++i) {
          Put(i, parts_.base + i * parts_.step);
        }
        break;
      case RUN_LENGTH:
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
  const bool constant = IsConstant(values, count);
  if (constant && values[0] == 0) return;
  const auto begin = [&](NumberEncoding encoding, size_t size) {
    const MessageWriter::Nested nested = out.BeginNested(field, size + 16);
    out.WriteNumber(kKindField, kind);
    out.WriteNumber(kEncodingField, encoding);
    return nested;
  };
  if (out.column_options().plain) {
    const MessageWriter::Nested nested = begin(PLAIN, count);
    WritePlain(values, count, out);
    out.EndNested(nested);
    return;
  }
  if (constant) {
    const MessageWriter::Nested nested = begin(CONSTANT, 0);
    out.WriteNumber(kBaseField, values[0]);
    out.EndNested(nested);
    return;
  }
  Chooser<Bits> chooser(values, count);
  const NumberEncoding encoding = chooser.Choose(out.scratch());
  const MessageWriter::Nested nested = begin(encoding, chooser.size());
  const Bits base = static_cast<Bits>(chooser.min());
  switch (encoding) {
    case SEQUENCE:
      out.WriteNumber(kBaseField, values[0]);
      out.WriteNumber(kStepField, uint64_t{values[1]} - values[0]);
      break;
    case RUN_LENGTH:
      WriteRuns(values, count, out);
      break;
    case BYTE:
      out.WriteNumber(kBaseField, base);
      WriteBytesWithExceptions(
          count,
          [&](uint8_t* data) {
            return NarrowValues(values, count, base, data);
          },
          [&](size_t i) { return uint64_t{values[i]} - base; }, out);
      break;
    case DELTA_BYTE:
      out.WriteNumber(kBaseField, values[0]);
      WriteBytesWithExceptions(
          count,
          [&](uint8_t* data) { return NarrowDeltas(values, count, data); },
          [&](size_t i) {
            return ZigZag(
                static_cast<int64_t>(uint64_t{values[i]} - values[i - 1]));
          },
          out);
      break;
    case FIXED: {
      const size_t width = BytesFor(chooser.max() - chooser.min());
      out.WriteNumber(kBaseField, base);
      out.WriteNumber(kWidthField, width);
      WriteFixed(values, count, base, width, out);
      break;
    }
    case DICTIONARY:
      WriteDictionary(chooser.dictionary(), out);
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
    if (parts.base > std::numeric_limits<Bits>::max()) {
      return context.Error(MALFORMED, absl::StrCat("a value does not fit ",
                                                   sizeof(Bits) * 8, " bits"));
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
