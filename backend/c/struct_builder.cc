// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Columns of structs that a table describes. Structs come in blocks, and each
// field takes all of a block before the next field does. That keeps the block
// in the cache and the choice of a type out of the loop over rows.

#include "devstate/backend/c/struct_builder.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "devstate/backend/c/value_types.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::c {

// In selections: structs differ.
constexpr int32_t kMixed = -1;

class FieldGatherer {
 public:
  explicit FieldGatherer(const devstate_field& field) : field_(field) {}
  virtual ~FieldGatherer() = default;

  virtual ColumnBuilder* column() = 0;
  // As those of StructBuilder. `row` is the builder's size before.
  virtual void Append(size_t row, const Structs& structs) = 0;
  virtual bool has_measure() const = 0;
  virtual absl::Status Measure(const Structs& structs, uint64_t* sizes,
                               size_t* bad) = 0;

 protected:
  const devstate_field& field_;
};

namespace {

// The values of a field, to be appended in runs that lie evenly.
template <typename T>
class Values {
 public:
  Values(const StructTables&, const devstate_field&) {}

  ColumnBuilder* column() { return &column_; }
  bool has_measure() const { return false; }
  void Append(const Structs& values) {
    column_.AppendEach(values.count, [&values](auto append) {
      values.ForEach([append](size_t i, const char* value) {
        append(i, LoadMember<T>(value));
      });
    });
  }
  // As StructBuilder::Measure().
  absl::Status Measure(const Structs&, uint64_t*, size_t*) const { return {}; }

 private:
  NumberColumnBuilder<T> column_;
};

template <>
class Values<devstate_bytes> {
 public:
  Values(const StructTables&, const devstate_field&) {}

  ColumnBuilder* column() { return &column_; }
  bool has_measure() const { return true; }
  void Append(const Structs& values) {
    size_t total = 0;
    values.ForEach([&total](size_t, const char* value) {
      total += LoadMember<devstate_bytes>(value).size;
    });
    column_.AppendEach(values.count, total, [&values](auto append) {
      const char* value = values.first;
      // Locals, because what is copied could change members.
      const size_t count = values.count;
      const size_t stride = values.stride;
      for (size_t i = 0; i < count; ++i, value += stride) {
        append(i, ToView(LoadMember<devstate_bytes>(value)));
      }
    });
  }
  absl::Status Measure(const Structs& values, uint64_t* sizes,
                       size_t* bad) const {
    bool all_good = true;
    values.ForEach([&all_good, sizes](size_t i, const char* value) {
      const auto bytes = LoadMember<devstate_bytes>(value);
      sizes[i] += bytes.size;
      all_good &= (bytes.data != nullptr || bytes.size == 0) &&
                  bytes.size <= UINT32_MAX;
    });
    if (all_good) return absl::OkStatus();
    for (*bad = 0; *bad < values.count; ++*bad) {
      const auto bytes = LoadMember<devstate_bytes>(values[*bad]);
      DS_RETURN_IF_ERROR(CheckData(bytes.data, bytes.size, " bytes"));
    }
    return absl::OkStatus();
  }

 private:
  BytesColumnBuilder column_;
};

template <>
class Values<MessageValue> {
 public:
  Values(const StructTables& tables, const devstate_field& field)
      : column_(tables, *field.message) {}

  ColumnBuilder* column() { return &column_; }
  bool has_measure() const { return column_.has_measure(); }
  void Append(const Structs& values) { column_.SelectAndAppend(values); }
  absl::Status Measure(const Structs& values, uint64_t* sizes, size_t* bad) {
    return column_.Measure(values, sizes, bad);
  }

 private:
  StructBuilder column_;
};

// The field's name before the error of a value of it.
template <typename T>
absl::Status InValue(const devstate_field& field, absl::Status status) {
  if (status.ok()) return status;
  return std::is_same_v<T, MessageValue>
             ? InMessage(field.name, std::move(status))
             : InField(field.name, std::move(status));
}

// The members at `offset` of `structs`.
Structs MembersOf(const Structs& structs, size_t offset) {
  return {structs.first + offset, structs.count, structs.stride};
}

template <typename T>
class OneGatherer final : public FieldGatherer {
 public:
  OneGatherer(const StructTables& tables, const devstate_field& field)
      : FieldGatherer(field), values_(tables, field) {}

  ColumnBuilder* column() override { return values_.column(); }
  void Append(size_t, const Structs& structs) override {
    values_.Append(MembersOf(structs, field_.offset));
  }
  bool has_measure() const override { return values_.has_measure(); }
  absl::Status Measure(const Structs& structs, uint64_t* sizes,
                       size_t* bad) override {
    return InValue<T>(
        field_, values_.Measure(MembersOf(structs, field_.offset), sizes, bad));
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

// Calls `visit(begin, end)` for each run of structs that have the field.
// `oneof` is the selection of its oneof, or null.
template <typename Visit>
absl::Status VisitRuns(const devstate_field& field, const int32_t* oneof,
                       const Structs& structs, const Visit& visit) {
  if (oneof != nullptr && *oneof != kMixed) {
    return *oneof == static_cast<int32_t>(field.number)
               ? visit(size_t{0}, structs.count)
               : absl::OkStatus();
  }
  return WithPresence(field, [&](auto is_present) -> absl::Status {
    // In most blocks all structs are alike, and a comparison without branches
    // is the fastest way to see it.
    size_t present = 0;
    structs.ForEach(
        [&](size_t, const char* row) { present += is_present(row); });
    if (present == 0) return absl::OkStatus();
    if (present == structs.count) return visit(size_t{0}, structs.count);
    size_t i = 0;
    while (true) {
      while (i < structs.count && !is_present(structs[i])) ++i;
      if (i == structs.count) return absl::OkStatus();
      const size_t begin = i;
      while (i < structs.count && is_present(structs[i])) ++i;
      DS_RETURN_IF_ERROR(visit(begin, i));
    }
  });
}

template <typename T>
class OptionalGatherer final : public FieldGatherer {
 public:
  OptionalGatherer(const StructTables& tables, const devstate_field& field,
                   const int32_t* oneof)
      : FieldGatherer(field),
        oneof_(oneof),
        values_(tables, field),
        counts_(values_.column()) {}

  ColumnBuilder* column() override { return &counts_; }
  void Append(size_t row, const Structs& structs) override {
    const Structs members = MembersOf(structs, field_.offset);
    VisitRuns(field_, oneof_, structs, [&](size_t begin, size_t end) {
      counts_.AppendCounts(row + begin, end - begin, true);
      values_.Append(members.Range(begin, end));
      return absl::OkStatus();
    }).IgnoreError();
  }
  bool has_measure() const override { return values_.has_measure(); }
  absl::Status Measure(const Structs& structs, uint64_t* sizes,
                       size_t* bad) override {
    const Structs members = MembersOf(structs, field_.offset);
    return VisitRuns(field_, oneof_, structs, [&](size_t begin, size_t end) {
      absl::Status status =
          values_.Measure(members.Range(begin, end), sizes + begin, bad);
      *bad += begin;
      return InValue<T>(field_, std::move(status));
    });
  }

 private:
  const int32_t* const oneof_;
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
      values_.Append(elements);
    }
  }
  bool has_measure() const override { return true; }
  absl::Status Measure(const Structs& structs, uint64_t* sizes,
                       size_t* bad) override {
    for (*bad = 0; *bad < structs.count; ++*bad) {
      const Structs elements = ElementsOf(structs[*bad]);
      if (elements.count == 0) continue;
      DS_RETURN_IF_ERROR(InField(
          field_.name, CheckData(elements.first, elements.count, " elements")));
      sizes[*bad] += elements.count * field_.value_size;
      if (!values_.has_measure()) continue;
      for (size_t i = 0; i < elements.count; ++i) {
        size_t unused;
        DS_RETURN_IF_ERROR(InValue<T>(
            field_,
            values_.Measure(elements.Range(i, i + 1), &sizes[*bad], &unused)));
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

// The selection of the field's oneof, or null.
const int32_t* SelectionOf(const devstate_table& type,
                           const devstate_field& field,
                           const int32_t* selections) {
  if (field.cardinality != DEVSTATE_ONEOF) return nullptr;
  for (uint32_t i = 0; i < type.oneof_count; ++i) {
    if (type.oneofs[i].selector == field.presence) return selections + i;
  }
  return nullptr;
}

std::vector<std::unique_ptr<FieldGatherer>> MakeGatherers(
    const StructTables& tables, const devstate_table& type,
    const int32_t* selections) {
  std::vector<std::unique_ptr<FieldGatherer>> fields;
  for (uint32_t i = 0; i < type.field_count; ++i) {
    const devstate_field& field = type.fields[i];
    fields.push_back(MakeField<FieldGatherer, OneGatherer, OptionalGatherer,
                               RepeatedGatherer>(
        tables, field, SelectionOf(type, field, selections)));
  }
  return fields;
}

}  // namespace

// Makes the selections first, and then what points to them.
StructBuilder::StructBuilder(const StructTables& tables,
                             const devstate_table& type)
    : StructBuilder(tables, type, Selections(new int32_t[type.oneof_count]())) {
}

StructBuilder::StructBuilder(const StructTables& tables,
                             const devstate_table& type,
                             const Selections& selections)
    : StructBuilder(tables.Of(type),
                    MakeGatherers(tables, type, selections.get()), selections) {
}

StructBuilder::StructBuilder(const StructTable& table, Fields fields,
                             const Selections& selections)
    : RecordColumnsBuilder(table.record(), ColumnsOf<ColumnBuilder>(fields)),
      type_(table.type()),
      selections_(selections),
      fields_(std::move(fields)) {
  for (const auto& field : fields_) {
    if (field->has_measure()) measured_.push_back(field.get());
  }
}

StructBuilder::~StructBuilder() = default;

bool StructBuilder::has_measure() const {
  return type_.oneof_count != 0 || !measured_.empty();
}

void StructBuilder::Select(const Structs& structs) {
  for (uint32_t i = 0; i < type_.oneof_count; ++i) {
    const uint32_t selector = type_.oneofs[i].selector;
    const auto first = LoadMember<int32_t>(structs.first + selector);
    int32_t differing = 0;
    structs.ForEach([&differing, selector, first](size_t, const char* row) {
      differing |= LoadMember<int32_t>(row + selector) ^ first;
    });
    selections_[i] = differing == 0 ? first : kMixed;
  }
}

absl::Status StructBuilder::Measure(const Structs& structs, uint64_t* sizes,
                                    size_t* bad) {
  if (type_.oneof_count != 0) {
    Select(structs);
    const bool mixed =
        std::find(&selections_[0], &selections_[type_.oneof_count], kMixed) !=
        &selections_[type_.oneof_count];
    const size_t count = mixed ? structs.count : 1;
    for (*bad = 0; *bad < count; ++*bad) {
      DS_RETURN_IF_ERROR(CheckSelectors(type_, structs[*bad]));
    }
  }
  for (FieldGatherer* field : measured_) {
    DS_RETURN_IF_ERROR(field->Measure(structs, sizes, bad));
  }
  return absl::OkStatus();
}

void StructBuilder::SelectAndAppend(const Structs& structs) {
  Select(structs);
  Append(structs);
}

void StructBuilder::Append(const Structs& structs) {
  for (const auto& field : fields_) field->Append(size_, structs);
  size_ += structs.count;
}

}  // namespace devstate::c
