// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Structs that a table describes, of columns. Each field fills its member in a
// whole block before the next field does, for the reasons of struct_builder.cc.

#include "devstate/backend/c/struct_reader.h"

#include <cstring>
#include <utility>

#include "devstate/backend/c/value_types.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"

namespace devstate::c {

class FieldScatterer {
 public:
  explicit FieldScatterer(const devstate_field& field) : field_(field) {}
  virtual ~FieldScatterer() = default;

  virtual ColumnReader* column() = 0;
  // As StructReader's.
  virtual void Restart(size_t rows) = 0;
  // As StructReader's; the structs lie `stride` bytes apart.
  virtual void Read(size_t row, size_t count, size_t stride, char* out) = 0;

 protected:
  const devstate_field& field_;
};

namespace {

// The values of a field, to be read one after the other: `count` from the i-th
// on, to places that are `stride` bytes apart.
template <typename T>
class Values {
 public:
  Values(const StructTables&, const devstate_field&) {}

  ColumnReader* column() { return &column_; }
  void Restart(size_t) {}
  void Read(size_t i, size_t count, size_t stride, char* out) {
    column_.ForEach(i, count, [stride, out](size_t k, T value) {
      StoreMember(value, out + k * stride);
    });
  }

 private:
  NumberColumnReader<T> column_;
};

template <>
class Values<devstate_bytes> {
 public:
  Values(const StructTables&, const devstate_field&) {}

  ColumnReader* column() { return &column_; }
  void Restart(size_t) {}
  void Read(size_t i, size_t count, size_t stride, char* out) {
    column_.ForEach(i, count, [stride, out](size_t k, absl::string_view value) {
      StoreMember(devstate_bytes{value.data(), value.size()}, out + k * stride);
    });
  }

 private:
  BytesColumnReader column_;
};

template <>
class Values<MessageValue> {
 public:
  Values(const StructTables& tables, const devstate_field& field)
      : column_(tables, *field.message) {}

  ColumnReader* column() { return &column_; }
  void Restart(size_t rows) { column_.Restart(rows); }
  void Read(size_t i, size_t count, size_t stride, char* out) {
    column_.Read(i, count, stride, out);
  }

 private:
  StructReader column_;
};

template <typename T>
class OneScatterer final : public FieldScatterer {
 public:
  OneScatterer(const StructTables& tables, const devstate_field& field)
      : FieldScatterer(field), values_(tables, field) {}

  ColumnReader* column() override { return values_.column(); }
  void Restart(size_t rows) override { values_.Restart(rows); }
  void Read(size_t row, size_t count, size_t stride, char* out) override {
    values_.Read(row, count, stride, out + field_.offset);
  }

 private:
  Values<T> values_;
};

// The counts of a field, whose values go elsewhere.
template <typename Count>
class Counts final : public OccurrencesReader<Count> {
 public:
  explicit Counts(ColumnReader* values) : OccurrencesReader<Count>(values) {}
};

template <typename T>
class OptionalScatterer final : public FieldScatterer {
 public:
  OptionalScatterer(const StructTables& tables, const devstate_field& field)
      : FieldScatterer(field),
        values_(tables, field),
        counts_(values_.column()) {}

  ColumnReader* column() override { return &counts_; }
  void Restart(size_t rows) override {
    next_ = 0;
    in_all_ = counts_.total() == rows;
    // A message that never occurs was not decoded.
    if (counts_.total() != 0) values_.Restart(counts_.total());
  }
  void Read(size_t row, size_t count, size_t stride, char* out) override {
    if (counts_.total() == 0) return;
    if (in_all_) return ReadRun(count, stride, out);
    size_t i = 0;
    while (true) {
      while (i < count && counts_.CountAt(row + i) == 0) ++i;
      if (i == count) return;
      const size_t begin = i;
      while (i < count && counts_.CountAt(row + i) != 0) ++i;
      ReadRun(i - begin, stride, out + begin * stride);
    }
  }

 private:
  // Of structs that all have the field.
  void ReadRun(size_t count, size_t stride, char* out) {
    char* member = out + field_.presence;
    if (field_.cardinality == DEVSTATE_ONEOF) {
      const auto number = static_cast<int32_t>(field_.number);
      for (size_t i = 0; i < count; ++i)
        StoreMember(number, member + i * stride);
    } else {
      for (size_t i = 0; i < count; ++i) StoreMember(true, member + i * stride);
    }
    values_.Read(next_, count, stride, out + field_.offset);
    next_ += count;
  }

  Values<T> values_;
  Counts<bool> counts_;
  // Whether each row has the field.
  bool in_all_ = false;
  size_t next_ = 0;
};

template <typename T>
class RepeatedScatterer final : public FieldScatterer {
 public:
  RepeatedScatterer(const StructTables& tables, const devstate_field& field)
      : FieldScatterer(field),
        element_size_(ElementSize(field)),
        values_(tables, field),
        counts_(values_.column()) {}

  ColumnReader* column() override { return &counts_; }
  // All elements of the batch at once, so that structs can point to them.
  void Restart(size_t) override {
    next_ = 0;
    const size_t total = counts_.total();
    if (total == 0) return;
    values_.Restart(total);
    elements_.ResizeUninitialized(total * element_size_);
    std::memset(elements_.data(), 0, elements_.size());
    values_.Read(0, total, element_size_, elements_.data());
  }
  void Read(size_t row, size_t count, size_t stride, char* out) override {
    out += field_.offset;
    for (size_t i = 0; i < count; ++i, out += stride) {
      const size_t occurs = counts_.CountAt(row + i);
      if (occurs == 0) continue;
      StoreMember(
          devstate_items{elements_.data() + next_ * element_size_, occurs},
          out);
      next_ += occurs;
    }
  }

 private:
  const size_t element_size_;
  Values<T> values_;
  Counts<uint32_t> counts_;
  UninitializedBuffer<char> elements_;
  size_t next_ = 0;
};

template <typename Fields>
Fields MakeScatterers(const StructTables& tables, const devstate_table& type) {
  Fields fields;
  for (uint32_t i = 0; i < type.field_count; ++i) {
    fields.push_back(MakeField<FieldScatterer, OneScatterer, OptionalScatterer,
                               RepeatedScatterer>(tables, type.fields[i]));
  }
  return fields;
}

}  // namespace

StructReader::StructReader(const StructTables& tables,
                           const devstate_table& type)
    : StructReader(tables.Of(type), MakeScatterers<Fields>(tables, type)) {}

StructReader::StructReader(const StructTable& table, Fields fields)
    : RecordColumnsReader(table.record(), ColumnsOf<ColumnReader>(fields)),
      fields_(std::move(fields)) {}

StructReader::~StructReader() = default;

void StructReader::Restart(size_t rows) {
  for (const auto& field : fields_) field->Restart(rows);
}

void StructReader::Read(size_t row, size_t count, size_t stride, char* out) {
  for (const auto& field : fields_) field->Read(row, count, stride, out);
}

}  // namespace devstate::c
