// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The counterpart of batch_decoder.cc. An appender for each field, made once
// for a message type, takes values out of messages by reflection and gives them
// to the column builders of generated code.

#include "devstate/serializer/dynamic/message_columns_builder.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/schema/record_size.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/dynamic/field_access.h"
#include "devstate/serializer/dynamic/message_table.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::dynamic {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

// A field of a message, and the column that collects it.
class FieldAppender {
 public:
  explicit FieldAppender(const FieldModel& field) : field_(field.descriptor) {}
  virtual ~FieldAppender() = default;

  const FieldDescriptor* field() const { return field_; }

  virtual ColumnBuilder* column() = 0;
  // Whether the field of `record` has what its schema does not have.
  virtual absl::Status CheckKnown(const Message& record) const = 0;
  // Returns the bytes that the field counts for without its fixed size.
  virtual size_t VariableSize(const Message& record) const = 0;
  // `row` counts from the last Clear().
  virtual void Append(size_t row, const Message& record) = 0;

 private:
  const FieldDescriptor* const field_;
};

namespace {

using Appenders = std::vector<std::unique_ptr<FieldAppender>>;

// The values of a field. `index` is that of FieldAccess.
template <typename Access>
class Values {
 public:
  explicit Values(const FieldModel& field) : field_(field.descriptor) {}

  ColumnBuilder* column() { return &column_; }
  absl::Status CheckKnown(const Message&, int) const {
    return absl::OkStatus();
  }
  size_t VariableSize(const Message&, int) const { return 0; }
  void Append(const Message& record, int index) {
    column_.Append(Access::Get(record, field_, index));
  }

 private:
  const FieldDescriptor* const field_;
  NumberColumnBuilder<typename Access::Type> column_;
};

template <>
class Values<StringAccess> {
 public:
  explicit Values(const FieldModel& field) : field_(field.descriptor) {}

  ColumnBuilder* column() { return &column_; }
  absl::Status CheckKnown(const Message&, int) const {
    return absl::OkStatus();
  }
  size_t VariableSize(const Message& record, int index) const {
    std::string scratch;
    return Get(record, index, &scratch).size();
  }
  void Append(const Message& record, int index) {
    std::string scratch;
    column_.Append(Get(record, index, &scratch));
  }

 private:
  const std::string& Get(const Message& record, int index,
                         std::string* scratch) const {
    const Reflection* reflection = record.GetReflection();
    return field_->is_repeated()
               ? reflection->GetRepeatedStringReference(record, field_, index,
                                                        scratch)
               : reflection->GetStringReference(record, field_, scratch);
  }

  const FieldDescriptor* const field_;
  BytesColumnBuilder column_;
};

template <>
class Values<MessageAccess> {
 public:
  explicit Values(const FieldModel& field)
      : field_(field.descriptor), column_(*field.message) {}

  ColumnBuilder* column() { return &column_; }
  absl::Status CheckKnown(const Message& record, int index) const {
    return column_.CheckKnown(Get(record, index));
  }
  size_t VariableSize(const Message& record, int index) const {
    return column_.VariableSize(Get(record, index));
  }
  void Append(const Message& record, int index) {
    column_.Append(Get(record, index));
  }

 private:
  const Message& Get(const Message& record, int index) const {
    const Reflection* reflection = record.GetReflection();
    return field_->is_repeated()
               ? reflection->GetRepeatedMessage(record, field_, index)
               : reflection->GetMessage(record, field_);
  }

  const FieldDescriptor* const field_;
  MessageColumnsBuilder column_;
};

// A field that occurs exactly once in each record.
template <typename Access>
class OneAppender : public FieldAppender {
 public:
  explicit OneAppender(const FieldModel& field)
      : FieldAppender(field), values_(field) {}

  ColumnBuilder* column() override { return values_.column(); }
  absl::Status CheckKnown(const Message& record) const override {
    return values_.CheckKnown(record, 0);
  }
  size_t VariableSize(const Message& record) const override {
    return values_.VariableSize(record, 0);
  }
  void Append(size_t, const Message& record) override {
    values_.Append(record, 0);
  }

 private:
  Values<Access> values_;
};

bool KeyLess(const Message& a, const Message& b, const FieldDescriptor& key) {
  return VisitType(key, [&](auto access) {
    using Access = decltype(access);
    if constexpr (std::is_same_v<Access, StringAccess>) {
      std::string scratch_a, scratch_b;
      return a.GetReflection()->GetStringReference(a, &key, &scratch_a) <
             b.GetReflection()->GetStringReference(b, &key, &scratch_b);
    } else if constexpr (std::is_same_v<Access, MessageAccess>) {
      return false;
    } else {
      return Access::Get(a, &key, 0) < Access::Get(b, &key, 0);
    }
  });
}

// The indices of `count` elements of `field` in the order in which they travel.
std::vector<int> OrderOf(const Message& record, const FieldDescriptor* field,
                         int count) {
  std::vector<int> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  if (field->is_map()) {
    const Reflection* reflection = record.GetReflection();
    const FieldDescriptor& key = *field->message_type()->map_key();
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return KeyLess(reflection->GetRepeatedMessage(record, field, a),
                     reflection->GetRepeatedMessage(record, field, b), key);
    });
  }
  return order;
}

// All others. `Count` is bool for an optional field, uint32_t for a repeated
// one.
template <typename Count, typename Access>
class OccurringAppender : public FieldAppender {
 public:
  explicit OccurringAppender(const FieldModel& field)
      : FieldAppender(field),
        values_(field),
        counts_(values_.column()),
        value_size_(field.cardinality() == Cardinality::kRepeated
                        ? ValueSize(field)
                        : 0) {}

  ColumnBuilder* column() override { return &counts_; }
  absl::Status CheckKnown(const Message& record) const override {
    const int count = CountIn(record);
    for (int i = 0; i < count; ++i) {
      DS_RETURN_IF_ERROR(values_.CheckKnown(record, i));
    }
    return absl::OkStatus();
  }
  size_t VariableSize(const Message& record) const override {
    const int count = CountIn(record);
    size_t size = static_cast<size_t>(count) * value_size_;
    for (int i = 0; i < count; ++i) size += values_.VariableSize(record, i);
    return size;
  }
  void Append(size_t row, const Message& record) override {
    const int count = CountIn(record);
    if (count == 0) return;
    counts_.AppendCount(row, static_cast<Count>(count));
    for (const int i : OrderOf(record, field(), count)) {
      values_.Append(record, i);
    }
  }

 private:
  class Counts final : public OccurrencesBuilder<Count> {
   public:
    explicit Counts(ColumnBuilder* values)
        : OccurrencesBuilder<Count>(values) {}
  };

  int CountIn(const Message& record) const {
    const Reflection* reflection = record.GetReflection();
    if (field()->is_repeated()) return reflection->FieldSize(record, field());
    return reflection->HasField(record, field()) ? 1 : 0;
  }

  Values<Access> values_;
  Counts counts_;
  const size_t value_size_;
};

std::unique_ptr<FieldAppender> MakeAppender(const FieldModel& field) {
  return VisitType(
      *field.descriptor, [&](auto access) -> std::unique_ptr<FieldAppender> {
        using Access = decltype(access);
        switch (field.cardinality()) {
          case Cardinality::kRepeated:
            return std::make_unique<OccurringAppender<uint32_t, Access>>(field);
          case Cardinality::kOptional:
            return std::make_unique<OccurringAppender<bool, Access>>(field);
          case Cardinality::kOne:
            break;
        }
        // Messages have presence.
        if constexpr (std::is_same_v<Access, MessageAccess>) {
          return nullptr;
        } else {
          return std::make_unique<OneAppender<Access>>(field);
        }
      });
}

Appenders MakeAppenders(const MessageModel& type) {
  Appenders fields;
  for (const FieldModel& field : type.fields) {
    fields.push_back(MakeAppender(field));
  }
  return fields;
}

std::vector<ColumnBuilder*> ColumnsOf(const Appenders& fields) {
  std::vector<ColumnBuilder*> columns;
  for (const auto& field : fields) columns.push_back(field->column());
  return columns;
}

}  // namespace

MessageColumnsBuilder::MessageColumnsBuilder(const MessageModel& type)
    : MessageColumnsBuilder(std::make_unique<MessageTable>(type),
                            MakeAppenders(type)) {}

MessageColumnsBuilder::MessageColumnsBuilder(
    std::unique_ptr<MessageTable> table, Fields fields)
    : RecordColumnsBuilder(table->table(), ColumnsOf(fields)),
      table_(std::move(table)),
      fields_(std::move(fields)) {}

MessageColumnsBuilder::~MessageColumnsBuilder() = default;

absl::Status MessageColumnsBuilder::CheckKnown(const Message& record) const {
  const auto& unknown = record.GetReflection()->GetUnknownFields(record);
  if (unknown.field_count() > 0) {
    return InField(
        absl::StrCat("number ", unknown.field(0).number()),
        absl::InvalidArgumentError(
            "a number, type or enum value that the schema does not have"));
  }
  for (const auto& field : fields_) {
    if (field->field()->message_type() == nullptr) continue;
    DS_RETURN_IF_ERROR(
        InMessage(field->field()->name(), field->CheckKnown(record)));
  }
  return absl::OkStatus();
}

size_t MessageColumnsBuilder::VariableSize(const Message& record) const {
  size_t size = 0;
  for (const auto& field : fields_) size += field->VariableSize(record);
  return size;
}

size_t MessageColumnsBuilder::VariableSize(
    const Message& record, absl::Span<const uint16_t> key) const {
  size_t size = 0;
  for (const uint16_t i : key) size += fields_[i]->VariableSize(record);
  return size;
}

void MessageColumnsBuilder::Append(const Message& record) {
  for (const auto& field : fields_) field->Append(size_, record);
  ++size_;
}

}  // namespace devstate::dynamic
