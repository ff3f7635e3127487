// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The choice of an encoding must cost less than it saves. It starts with what
// one pass over the values shows and looks further only where that leaves a
// chance. It depends on the values alone, so that the same state is the same
// bytes.

#include <algorithm>
#include <cstring>
#include <limits>

#include "devstate/serializer/column_encoding.h"
#include "devstate/serializer/internal/column_loops.h"
#include "devstate/serializer/internal/little_endian.h"
#include "devstate/serializer/internal/number_column_fields.h"
#include "devstate/serializer/number_column.h"

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

// Exact sizes of PLAIN are worth computing for columns up to this length only.
constexpr size_t kMaxPlainTrial = 64;

size_t BytesFor(uint64_t value) {
  return static_cast<size_t>(64 - __builtin_clzll(value | 1) + 7) / 8;
}

// The distinct values of a column, as long as there are few, and the index of
// each row's value.
class Dictionary {
 public:
  // False if there are too many distinct values. The indices lie in `scratch`.
  template <typename Bits>
  bool Build(const Bits* values, size_t count, ByteBuffer& scratch) {
    scratch.ResizeUninitialized(count);
    indices_ = scratch.view();
    for (size_t i = 0; i < count; ++i) {
      const size_t index = IndexOf(values[i]);
      if (index == kMaxDictionarySize) return false;
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

  // Index of `value`, added if need be; kMaxDictionarySize if there is no room
  // for it.
  size_t IndexOf(uint64_t value) {
    size_t slot = (value * 0x9e3779b97f4a7c15u) >> (64 - kSlotBits);
    while (slots_[slot] != 0) {
      if (values_[slots_[slot] - 1u] == value) return slots_[slot] - 1u;
      slot = (slot + 1) % kSlots;
    }
    if (size_ == kMaxDictionarySize) return kMaxDictionarySize;
    values_[size_] = value;
    slots_[slot] = static_cast<uint16_t>(++size_);
    return size_ - 1;
  }

  uint64_t values_[kMaxDictionarySize];
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
  ColumnEncoding Choose(ByteBuffer& scratch) {
    const uint64_t width = range_.max - range_.min;
    const size_t value_size = VarintSize(range_.max);
    if (count_ <= kMaxPlainTrial) {
      size_t plain = 0;
      for (size_t i = 0; i < count_; ++i) plain += VarintSize(values_[i]);
      Offer(ColumnEncoding::kPlain, plain);
    }
    if (IsSequence(values_, count_))
      Offer(ColumnEncoding::kSequence, 2 * value_size);
    const size_t runs = range_.changes + 1;
    Offer(ColumnEncoding::kRunLength,
          runs * (value_size + VarintSize(count_ / runs)));
    if (width < kByteException) {
      Offer(ColumnEncoding::kByte, count_);
      return best_;
    }
    // From here on it costs a look at every value: not for nothing.
    if (best_size_ <= count_) return best_;
    const ValueSteps steps = MeasureSteps(values_, count_, range_.min);
    Offer(ColumnEncoding::kByte,
          count_ + steps.wide_values * VarintSize(width));
    Offer(ColumnEncoding::kDeltaByte,
          count_ + steps.wide_deltas * VarintSize(steps.delta_bits));
    Offer(ColumnEncoding::kFixed, count_ * BytesFor(width));
    if (best_size_ > count_ + count_ / 8 &&
        dictionary_.Build(values_, count_, scratch)) {
      Offer(ColumnEncoding::kDictionary,
            count_ + dictionary_.size() * value_size);
    }
    return best_;
  }

  // What Choose() expects the column to take.
  size_t size() const { return best_size_; }
  uint64_t min() const { return range_.min; }
  uint64_t max() const { return range_.max; }
  const Dictionary& dictionary() const { return dictionary_; }

 private:
  void Offer(ColumnEncoding encoding, size_t size) {
    if (size >= best_size_) return;
    best_ = encoding;
    best_size_ = size;
  }

  const Bits* const values_;
  const size_t count_;
  const ValueRange range_;
  Dictionary dictionary_;
  ColumnEncoding best_ = ColumnEncoding::kPlain;
  size_t best_size_ = std::numeric_limits<size_t>::max();
};

// Writes the whole column of one value that is not 0. A batch of few records
// has no others, and there it takes most of the time.
void WriteConstant(uint32_t field, ValueKind kind, uint64_t value,
                   MessageWriter& out) {
  const auto tag = [](uint32_t number) {
    return static_cast<char>(number << 3 | kWireVarint);
  };
  char* column = out.BeginBytes(field, 5 + VarintSize(value));
  *column++ = tag(kKindField);
  *column++ = static_cast<char>(kind);
  *column++ = tag(kEncodingField);
  *column++ = static_cast<char>(ColumnEncoding::kConstant);
  *column++ = tag(kBaseField);
  EncodeVarint(value, column);
}

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
  // The last store may reach past the field; what follows is written later.
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

}  // namespace

template <typename Bits>
void EncodeNumbers(uint32_t field, ValueKind kind, const Bits* values,
                   size_t count, MessageWriter& out) {
  if (count == 0) return;
  const bool constant = IsConstant(values, count);
  if (constant && values[0] == 0) return;
  const auto begin = [&](ColumnEncoding encoding, size_t size) {
    const MessageWriter::Nested nested = out.BeginNested(field, size + 16);
    out.WriteNumber(kKindField, static_cast<uint64_t>(kind));
    out.WriteNumber(kEncodingField, static_cast<uint64_t>(encoding));
    return nested;
  };
  if (out.column_options().plain) {
    const MessageWriter::Nested nested = begin(ColumnEncoding::kPlain, count);
    WritePlain(values, count, out);
    out.EndNested(nested);
    return;
  }
  if (constant) return WriteConstant(field, kind, values[0], out);
  Chooser<Bits> chooser(values, count);
  const ColumnEncoding encoding = chooser.Choose(out.scratch());
  const MessageWriter::Nested nested = begin(encoding, chooser.size());
  const Bits base = static_cast<Bits>(chooser.min());
  switch (encoding) {
    case ColumnEncoding::kSequence:
      out.WriteNumber(kBaseField, values[0]);
      out.WriteNumber(kStepField, uint64_t{values[1]} - values[0]);
      break;
    case ColumnEncoding::kRunLength:
      WriteRuns(values, count, out);
      break;
    case ColumnEncoding::kByte:
      out.WriteNumber(kBaseField, base);
      WriteBytesWithExceptions(
          count,
          [&](uint8_t* data) {
            return NarrowValues(values, count, base, data);
          },
          [&](size_t i) { return uint64_t{values[i]} - base; }, out);
      break;
    case ColumnEncoding::kDeltaByte:
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
    case ColumnEncoding::kFixed: {
      const size_t width = BytesFor(chooser.max() - chooser.min());
      out.WriteNumber(kBaseField, base);
      out.WriteNumber(kWidthField, width);
      WriteFixed(values, count, base, width, out);
      break;
    }
    case ColumnEncoding::kDictionary:
      WriteDictionary(chooser.dictionary(), out);
      break;
    default:
      WritePlain(values, count, out);
      break;
  }
  out.EndNested(nested);
}

template void EncodeNumbers(uint32_t, ValueKind, const uint8_t*, size_t,
                            MessageWriter&);
template void EncodeNumbers(uint32_t, ValueKind, const uint32_t*, size_t,
                            MessageWriter&);
template void EncodeNumbers(uint32_t, ValueKind, const uint64_t*, size_t,
                            MessageWriter&);

}  // namespace devstate
