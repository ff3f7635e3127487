// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/struct_builder.h"

#include <type_traits>
#include <utility>

#include "devstate/backend/c/value_types.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::c {

class FieldGatherer {
 public:
  explicit FieldGatherer(const devstate_field& field) : field_(field) {}
  virtual ~FieldGatherer() = default;

  virtual ColumnBuilder* column() = 0;
  // As those of StructBuilder. `row` is the builder's size before.
  virtual void Append(size_t row, const Structs& structs) = 0;
  virtual absl::Status Measure(const Structs& structs, uint64_t* sizes,
                               size_t* bad) const = 0;

 protected:
  const devstate_field& field_;
};

namespace {

// The values of a field.
template <typename T>
class Values {
 public:
  static constexpr bool kHasSize = false;

  Values(const StructTables&, const devstate_field&) {}

  ColumnBuilder* column() { return &column_; }
  void Append(const char* value) { column_.Append(LoadMember<T>(value)); }
  absl::Status Measure(const char*, uint64_t*) const { return {}; }

 private:
  NumberColumnBuilder<T> column_;
};

template <>
class Values<devstate_bytes> {
 public:
  static constexpr bool kHasSize = true;

  Values(const StructTables&, const devstate_field&) {}

  ColumnBuilder* column() { return &column_; }
  void Append(const char* value) {
    column_.Append(ToView(LoadMember<devstate_bytes>(value)));
  }
  absl::Status Measure(const char* value, uint64_t* size) const {
    const auto bytes = LoadMember<devstate_bytes>(value);
    *size += bytes.size;
    if (bytes.data != nullptr && bytes.size <= UINT32_MAX) return {};
    return CheckData(bytes.data, bytes.size, " bytes");
  }

 private:
  BytesColumnBuilder column_;
};

template <>
class Values<MessageValue> {
 public:
  static constexpr bool kHasSize = true;

  Values(const StructTables& tables, const devstate_field& field)
      : column_(tables, *field.message) {}

  ColumnBuilder* column() { return &column_; }
  void Append(const char* value) { column_.Append({value, 1, 0}); }
  absl::Status Measure(const char* value, uint64_t* size) const {
    size_t bad;
    return column_.Measure({value, 1, 0}, size, &bad);
  }

 private:
  StructBuilder column_;
};

// The field's name before the error of a value of it.
template <typename T>
absl::Status InValue(const devstate_field& field, absl::Status status) {
  return std::is_same_v<T, MessageValue>
             ? InMessage(field.name, std::move(status))
             : InField(field.name, std::move(status));
}

template <typename T>
class OneGatherer final : public FieldGatherer {
 public:
  OneGatherer(const StructTables& tables, const devstate_field& field)
      : FieldGatherer(field), values_(tables, field) {}

  ColumnBuilder* column() override { return values_.column(); }
  void Append(size_t, const Structs& structs) override {
    const Structs members = {structs.first + field_.offset, structs.count,
                             structs.stride};
    for (size_t i = 0; i < members.count; ++i) values_.Append(members[i]);
  }
  absl::Status Measure(const Structs& structs, uint64_t* sizes,
                       size_t* bad) const override {
    if (!Values<T>::kHasSize) return absl::OkStatus();
    for (*bad = 0; *bad < structs.count; ++*bad) {
      DS_RETURN_IF_ERROR(InValue<T>(
          field_,
          values_.Measure(structs[*bad] + field_.offset, &sizes[*bad])));
    }
    return absl::OkStatus();
  }

 private:
  Values<T> values_;
};

// The counts of a field, whose values come from elsewhere.
template <typename Count>
class Counts final : public OccurrencesBuilder<Count> {
 public:
  explicit Counts(ColumnBuilder* values) : OccurrencesBuilder<Count>(values) {}
};

template <typename T>
class OptionalGatherer final : public FieldGatherer {
 public:
  OptionalGatherer(const StructTables& tables, const devstate_field& field)
      : FieldGatherer(field),
        values_(tables, field),
        counts_(values_.column()) {}

  ColumnBuilder* column() override { return &counts_; }
  void Append(size_t row, const Structs& structs) override {
    for (size_t i = 0; i < structs.count; ++i) {
      const char* one = structs[i];
      if (!IsPresent(field_, one)) continue;
      counts_.AppendCount(row + i, true);
      values_.Append(one + field_.offset);
    }
  }
  absl::Status Measure(const Structs& structs, uint64_t* sizes,
                       size_t* bad) const override {
    if (!Values<T>::kHasSize) return absl::OkStatus();
    for (*bad = 0; *bad < structs.count; ++*bad) {
      const char* one = structs[*bad];
      if (!IsPresent(field_, one)) continue;
      DS_RETURN_IF_ERROR(InValue<T>(
          field_, values_.Measure(one + field_.offset, &sizes[*bad])));
    }
    return absl::OkStatus();
  }

 private:
  Values<T> values_;
  Counts<bool> counts_;
};

template <typename T>
class RepeatedGatherer final : public FieldGatherer {
 public:
  RepeatedGatherer(const StructTables& tables, const devstate_field& field)
      : FieldGatherer(field),
        element_size_(ElementSize(field)),
        values_(tables, field),
        counts_(values_.column()) {}

  ColumnBuilder* column() override { return &counts_; }
  void Append(size_t row, const Structs& structs) override {
    for (size_t i = 0; i < structs.count; ++i) {
      const Structs elements = ElementsOf(structs[i]);
      if (elements.count == 0) continue;
      counts_.AppendCount(row + i, static_cast<uint32_t>(elements.count));
      for (size_t j = 0; j < elements.count; ++j) values_.Append(elements[j]);
    }
  }
  absl::Status Measure(const Structs& structs, uint64_t* sizes,
                       size_t* bad) const override {
    for (*bad = 0; *bad < structs.count; ++*bad) {
      const Structs elements = ElementsOf(structs[*bad]);
      DS_RETURN_IF_ERROR(InField(
          field_.name, CheckData(elements.first, elements.count, " elements")));
      sizes[*bad] += elements.count * field_.value_size;
      if (!Values<T>::kHasSize) continue;
      for (size_t j = 0; j < elements.count; ++j) {
        DS_RETURN_IF_ERROR(
            InValue<T>(field_, values_.Measure(elements[j], &sizes[*bad])));
      }
    }
    return absl::OkStatus();
  }

 private:
  Structs ElementsOf(const char* row) const {
    const auto items = LoadMember<devstate_items>(row + field_.offset);
    return {static_cast<const char*>(items.data), items.count, element_size_};
  }

  const size_t element_size_;
  Values<T> values_;
  Counts<uint32_t> counts_;
};

std::unique_ptr<FieldGatherer> MakeGatherer(const StructTables& tables,
                                            const devstate_field& field) {
  return VisitValueType(
      field, [&](auto type) -> std::unique_ptr<FieldGatherer> {
        using T = typename decltype(type)::Type;
        switch (field.cardinality) {
          case DEVSTATE_REPEATED:
          case DEVSTATE_MAP:
            return std::make_unique<RepeatedGatherer<T>>(tables, field);
          case DEVSTATE_ONE:
            return std::make_unique<OneGatherer<T>>(tables, field);
          default:
            return std::make_unique<OptionalGatherer<T>>(tables, field);
        }
      });
}

template <typename Fields>
Fields MakeGatherers(const StructTables& tables, const devstate_table& type) {
  Fields fields;
  for (uint32_t i = 0; i < type.field_count; ++i) {
    fields.push_back(MakeGatherer(tables, type.fields[i]));
  }
  return fields;
}

template <typename Fields>
std::vector<ColumnBuilder*> ColumnsOf(const Fields& fields) {
  std::vector<ColumnBuilder*> columns;
  for (const auto& field : fields) columns.push_back(field->column());
  return columns;
}

}  // namespace

StructBuilder::StructBuilder(const StructTables& tables,
                             const devstate_table& type)
    : StructBuilder(tables.Of(type), MakeGatherers<Fields>(tables, type)) {}

StructBuilder::StructBuilder(const StructTable& table, Fields fields)
    : RecordColumnsBuilder(table.record(), ColumnsOf(fields)),
      type_(table.type()),
      fields_(std::move(fields)) {}

StructBuilder::~StructBuilder() = default;

absl::Status StructBuilder::Measure(const Structs& structs, uint64_t* sizes,
                                    size_t* bad) const {
  if (type_.oneof_count != 0) {
    for (*bad = 0; *bad < structs.count; ++*bad) {
      DS_RETURN_IF_ERROR(CheckSelectors(type_, structs[*bad]));
    }
  }
  for (const auto& field : fields_) {
    DS_RETURN_IF_ERROR(field->Measure(structs, sizes, bad));
  }
  return absl::OkStatus();
}

void StructBuilder::Append(const Structs& structs) {
  for (const auto& field : fields_) field->Append(size_, structs);
  size_ += structs.count;
}

}  // namespace devstate::c
