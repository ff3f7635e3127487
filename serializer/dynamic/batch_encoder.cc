// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/schema/record_check.h"
#include "devstate/schema/record_size.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/field_access.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/serializer/utf8.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace dynamic {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

namespace {

absl::Status NotInSchema() {
  return absl::InvalidArgumentError(
      "a number, type or enum value that the schema does not have");
}

}  // namespace

// The columns of one field of a record.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(const FieldModel& field) : field_(field.descriptor) {}
  virtual ~ColumnBuilder() = default;

  const FieldDescriptor* field() const { return field_; }

  // Whether the field of `record` can be written.
  virtual absl::Status Check(const Message& record) = 0;
  // What it counts for beside its fixed size, in bytes.
  virtual size_t VariableSize(const Message& record) const = 0;
  // `row` counts from the last Clear().
  virtual void Append(size_t row, const Message& record) = 0;
  virtual void Encode(size_t rows, MessageWriter& out) = 0;
  virtual void Clear() = 0;

 private:
  const FieldDescriptor* const field_;
};

// The columns of a message.
class RecordColumnsBuilder {
 public:
  explicit RecordColumnsBuilder(const MessageModel& type);

  absl::Status Check(const Message& record) {
    const auto& unknown = record.GetReflection()->GetUnknownFields(record);
    if (unknown.field_count() > 0) {
      return InField(absl::StrCat("number ", unknown.field(0).number()),
                     NotInSchema());
    }
    for (auto& column : columns_) {
      DS_RETURN_IF_ERROR(
          column->field()->message_type() != nullptr
              ? InMessage(column->field()->name(), column->Check(record))
              : InField(column->field()->name(), column->Check(record)));
    }
    return absl::OkStatus();
  }
  size_t VariableSize(const Message& record) const {
    size_t size = 0;
    for (const auto& column : columns_) size += column->VariableSize(record);
    return size;
  }
  void Append(const Message& record) {
    for (auto& column : columns_) column->Append(size_, record);
    ++size_;
  }
  // As field `field`, nothing if all values are defaults; or alone.
  void Encode(uint32_t field, MessageWriter& out) {
    const MessageWriter::Nested nested = out.BeginNested(field, size_);
    EncodeBody(out);
    if (out.IsEmpty(nested)) {
      out.DropNested(nested);
    } else {
      out.EndNested(nested);
    }
  }
  void EncodeBody(MessageWriter& out) {
    for (auto& column : columns_) column->Encode(size_, out);
  }
  void Clear() {
    for (auto& column : columns_) column->Clear();
    size_ = 0;
  }

 private:
  // In ascending order of number.
  std::vector<std::unique_ptr<ColumnBuilder>> columns_;
  size_t size_ = 0;
};

namespace {

// The column of a field's values. `index` is that of FieldAccess.
template <typename Access>
class ValueBuilder : public NumberColumnBuilder<typename Access::Type> {
 public:
  explicit ValueBuilder(const FieldModel& field) : field_(field.descriptor) {}

  absl::Status Check(const Message& record, int index) {
    if constexpr (std::is_same_v<Access, EnumAccess>) {
      if (field_->enum_type()->FindValueByNumber(
              Access::Get(record, field_, index)) == nullptr) {
        return NotInSchema();
      }
    }
    return absl::OkStatus();
  }
  size_t VariableSize(const Message&, int) const { return 0; }
  void AppendFrom(const Message& record, int index) {
    this->Append(Access::Get(record, field_, index));
  }

 private:
  const FieldDescriptor* const field_;
};

template <>
class ValueBuilder<StringAccess> : public BytesColumnBuilder {
 public:
  explicit ValueBuilder(const FieldModel& field)
      : BytesColumnBuilder(field.column_kind),
        kind_(field.column_kind),
        field_(field.descriptor) {}

  absl::Status Check(const Message& record, int index) {
    if (kind_ != COLUMN_KIND_TEXT) return absl::OkStatus();
    std::string scratch;
    if (IsValidUtf8(Get(record, index, &scratch))) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "is not valid UTF-8: use bytes instead of string");
  }
  size_t VariableSize(const Message& record, int index) const {
    std::string scratch;
    return Get(record, index, &scratch).size();
  }
  void AppendFrom(const Message& record, int index) {
    std::string scratch;
    Append(Get(record, index, &scratch));
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

  const ColumnKind kind_;
  const FieldDescriptor* const field_;
};

template <>
class ValueBuilder<MessageAccess> : public RecordColumnsBuilder {
 public:
  explicit ValueBuilder(const FieldModel& field)
      : RecordColumnsBuilder(*field.message), field_(field.descriptor) {}

  absl::Status Check(const Message& record, int index) {
    return RecordColumnsBuilder::Check(Get(record, index));
  }
  size_t VariableSize(const Message& record, int index) const {
    return RecordColumnsBuilder::VariableSize(Get(record, index));
  }
  void AppendFrom(const Message& record, int index) {
    Append(Get(record, index));
  }

 private:
  const Message& Get(const Message& record, int index) const {
    const Reflection* reflection = record.GetReflection();
    return field_->is_repeated()
               ? reflection->GetRepeatedMessage(record, field_, index)
               : reflection->GetMessage(record, field_);
  }

  const FieldDescriptor* const field_;
};

// A field that occurs exactly once in each record.
template <typename Values>
class OneBuilder : public ColumnBuilder {
 public:
  explicit OneBuilder(const FieldModel& field)
      : ColumnBuilder(field), values_(field) {}

  absl::Status Check(const Message& record) override {
    return values_.Check(record, 0);
  }
  size_t VariableSize(const Message& record) const override {
    return values_.VariableSize(record, 0);
  }
  void Append(size_t, const Message& record) override {
    values_.AppendFrom(record, 0);
  }
  void Encode(size_t, MessageWriter& out) override {
    values_.Encode(static_cast<uint32_t>(field()->number()), out);
  }
  void Clear() override { values_.Clear(); }

 private:
  Values values_;
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

bool HasKeyTwice(const Message& record, const FieldDescriptor* field,
                 int count) {
  const Reflection* reflection = record.GetReflection();
  const FieldDescriptor& key = *field->message_type()->map_key();
  const std::vector<int> order = OrderOf(record, field, count);
  return std::adjacent_find(order.begin(), order.end(), [&](int a, int b) {
           return !KeyLess(reflection->GetRepeatedMessage(record, field, a),
                           reflection->GetRepeatedMessage(record, field, b),
                           key);
         }) != order.end();
}

// All others. `Count` is bool for an optional field, uint32_t for a repeated
// one.
template <typename Count, typename Values>
class OccurringBuilder : public ColumnBuilder,
                         private OccurrencesBuilder<Count, Values> {
  using Base = OccurrencesBuilder<Count, Values>;

 public:
  explicit OccurringBuilder(const FieldModel& field)
      : ColumnBuilder(field),
        Base(field),
        value_size_(field.cardinality() == FieldModel::Cardinality::kRepeated
                        ? ValueSize(field)
                        : 0) {}

  absl::Status Check(const Message& record) override {
    const int count = CountIn(record);
    for (int i = 0; i < count; ++i) {
      DS_RETURN_IF_ERROR(this->values_.Check(record, i));
    }
    if (field()->is_map() && HasKeyTwice(record, field(), count)) {
      return absl::InvalidArgumentError("has a key of the map twice");
    }
    return absl::OkStatus();
  }
  size_t VariableSize(const Message& record) const override {
    const int count = CountIn(record);
    size_t size = static_cast<size_t>(count) * value_size_;
    for (int i = 0; i < count; ++i) {
      size += this->values_.VariableSize(record, i);
    }
    return size;
  }
  void Append(size_t row, const Message& record) override {
    const int count = CountIn(record);
    if (count == 0) return;
    this->AppendCount(row, static_cast<Count>(count));
    for (const int i : OrderOf(record, field(), count)) {
      this->values_.AppendFrom(record, i);
    }
  }
  void Encode(size_t rows, MessageWriter& out) override {
    Base::Encode(static_cast<uint32_t>(field()->number()), rows, out);
  }
  void Clear() override { Base::Clear(); }

 private:
  int CountIn(const Message& record) const {
    const Reflection* reflection = record.GetReflection();
    if (field()->is_repeated()) return reflection->FieldSize(record, field());
    return reflection->HasField(record, field()) ? 1 : 0;
  }

  const size_t value_size_;
};

std::unique_ptr<ColumnBuilder> MakeColumnBuilder(const FieldModel& field) {
  return VisitType(
      *field.descriptor, [&](auto access) -> std::unique_ptr<ColumnBuilder> {
        using Values = ValueBuilder<decltype(access)>;
        switch (field.cardinality()) {
          case FieldModel::Cardinality::kRepeated:
            return std::make_unique<OccurringBuilder<uint32_t, Values>>(field);
          case FieldModel::Cardinality::kOptional:
            return std::make_unique<OccurringBuilder<bool, Values>>(field);
          case FieldModel::Cardinality::kOne:
            break;
        }
        // Messages have presence.
        if constexpr (std::is_same_v<decltype(access), MessageAccess>) {
          return nullptr;
        } else {
          return std::make_unique<OneBuilder<Values>>(field);
        }
      });
}

}  // namespace

RecordColumnsBuilder::RecordColumnsBuilder(const MessageModel& type) {
  for (const FieldModel& field : type.fields) {
    columns_.push_back(MakeColumnBuilder(field));
  }
}

}  // namespace dynamic

BatchEncoder::BatchEncoder(const MessageModel& record)
    : type_status_(CheckRecordType(*record.descriptor)) {
  if (type_status_.ok()) {
    record_size_ = RecordSize(record);
    builder_ = std::make_unique<dynamic::RecordColumnsBuilder>(record);
  }
}

BatchEncoder::~BatchEncoder() = default;

absl::Status BatchEncoder::Append(const google::protobuf::Message& record) {
  DS_RETURN_IF_ERROR(type_status_);
  DS_RETURN_IF_ERROR(builder_->Check(record));
  builder_->Append(record);
  ++size_;
  return absl::OkStatus();
}

size_t BatchEncoder::SizeOf(const google::protobuf::Message& record) const {
  return builder_ == nullptr ? 0
                             : record_size_ + builder_->VariableSize(record);
}

void BatchEncoder::Encode(MessageWriter& out) {
  if (builder_ != nullptr) builder_->EncodeBody(out);
}

void BatchEncoder::Clear() {
  if (builder_ != nullptr) builder_->Clear();
  size_ = 0;
}

}  // namespace devstate
