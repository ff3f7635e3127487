// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Columns are decoded by the readers of generated code, so that bytes and
// errors are the same. What is here puts decoded values into messages by
// reflection: a setter for each field, made once for a record type.

#include "devstate/serializer/dynamic/message_columns_reader.h"

#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/schema/record_check.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/dynamic/field_access.h"
#include "devstate/serializer/dynamic/message_table.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate::dynamic {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

// A field of a message, and the column that it comes from.
class FieldSetter {
 public:
  virtual ~FieldSetter() = default;

  virtual ColumnReader* column() = 0;
  // Puts the field of row `row` into `record`; to be called for the rows one
  // after the other, from 0.
  virtual void Read(size_t row, Message* record) = 0;
  // Must come before the first Read() of a batch.
  virtual void Restart() = 0;
};

namespace {

// What the values of a field are made with.
struct ValueType {
  const FieldModel* model;
  const FieldDescriptor* field;
  // Of a message field.
  const Message* prototype = nullptr;
};

// The values of a field: Read() puts one into the field.
template <typename Access>
class Values {
 public:
  explicit Values(const ValueType& type) : field_(type.field) {}

  ColumnReader* column() { return &column_; }
  void Restart() {}
  void Read(size_t i, Message* record) {
    Access::Put(record, field_, column_[i]);
  }

 private:
  const FieldDescriptor* const field_;
  NumberColumnReader<typename Access::Type> column_;
};

template <>
class Values<StringAccess> {
 public:
  explicit Values(const ValueType& type) : field_(type.field) {}

  ColumnReader* column() { return &column_; }
  void Restart() {}
  void Read(size_t i, Message* record) {
    absl::string_view value;
    column_.Read(i, value);
    const auto* reflection = record->GetReflection();
    field_->is_repeated()
        ? reflection->AddString(record, field_, std::string(value))
        : reflection->SetString(record, field_, std::string(value));
  }

 private:
  const FieldDescriptor* const field_;
  BytesColumnReader column_;
};

template <>
class Values<MessageAccess> {
 public:
  explicit Values(const ValueType& type)
      : field_(type.field), column_(*type.model->message, *type.prototype) {}

  ColumnReader* column() { return &column_; }
  void Restart() { column_.Restart(); }
  void Read(size_t i, Message* record) {
    const auto* reflection = record->GetReflection();
    column_.Read(i, field_->is_repeated()
                        ? reflection->AddMessage(record, field_)
                        : reflection->MutableMessage(record, field_));
  }

 private:
  const FieldDescriptor* const field_;
  MessageColumnsReader column_;
};

// A field that occurs exactly once in each record.
template <typename Access>
class OneSetter : public FieldSetter {
 public:
  explicit OneSetter(const ValueType& type) : values_(type) {}

  ColumnReader* column() override { return values_.column(); }
  void Read(size_t row, Message* record) override { values_.Read(row, record); }
  void Restart() override { values_.Restart(); }

 private:
  Values<Access> values_;
};

// All others. `Count` is bool for an optional field, uint32_t for a repeated
// one.
template <typename Count, typename Access>
class OccurringSetter : public FieldSetter {
 public:
  explicit OccurringSetter(const ValueType& type)
      : values_(type), counts_(values_.column()) {}

  ColumnReader* column() override { return &counts_; }
  void Read(size_t row, Message* record) override {
    for (size_t i = counts_.CountAt(row); i > 0; --i) {
      values_.Read(next_++, record);
    }
  }
  void Restart() override {
    next_ = 0;
    values_.Restart();
  }

 private:
  class Counts final : public OccurrencesReader<Count> {
   public:
    explicit Counts(ColumnReader* values) : OccurrencesReader<Count>(values) {}
  };

  Values<Access> values_;
  Counts counts_;
  size_t next_ = 0;
};

std::unique_ptr<FieldSetter> MakeSetter(const ValueType& type) {
  return VisitType(
      *type.field, [&](auto access) -> std::unique_ptr<FieldSetter> {
        using Access = decltype(access);
        switch (type.model->cardinality()) {
          case Cardinality::kRepeated:
            return std::make_unique<OccurringSetter<uint32_t, Access>>(type);
          case Cardinality::kOptional:
            return std::make_unique<OccurringSetter<bool, Access>>(type);
          case Cardinality::kOne:
            break;
        }
        // Messages have presence.
        if constexpr (std::is_same_v<Access, MessageAccess>) {
          return nullptr;
        } else {
          return std::make_unique<OneSetter<Access>>(type);
        }
      });
}

std::vector<std::unique_ptr<FieldSetter>> MakeSetters(const MessageModel& record, const Message& prototype) {
  std::vector<std::unique_ptr<FieldSetter>> fields;
  for (const FieldModel& field : record.fields) {
    ValueType type = {&field, field.descriptor, nullptr};
    if (field.message != nullptr) {
      type.prototype =
          prototype.GetReflection()->GetMessageFactory()->GetPrototype(
              field.message->descriptor);
    }
    fields.push_back(MakeSetter(type));
  }
  return fields;
}

std::vector<ColumnReader*> ColumnsOf(
    const std::vector<std::unique_ptr<FieldSetter>>& fields) {
  std::vector<ColumnReader*> columns;
  for (const auto& field : fields) columns.push_back(field->column());
  return columns;
}

}  // namespace

MessageColumnsReader::MessageColumnsReader(const MessageModel& record,
                                           const Message& prototype)
    : MessageColumnsReader(std::make_unique<MessageTable>(record),
                           MakeSetters(record, prototype)) {}

MessageColumnsReader::MessageColumnsReader(std::unique_ptr<MessageTable> table,
                                           Fields fields)
    : RecordColumnsReader(table->table(), ColumnsOf(fields)),
      table_(std::move(table)),
      fields_(std::move(fields)) {}

MessageColumnsReader::~MessageColumnsReader() = default;

absl::Status MessageColumnsReader::DecodeAs(const FieldEntry& field,
                                            absl::string_view columns,
                                            size_t count,
                                            DecodeContext& context) {
  if (context.depth() > kMaxRecordDepth) {
    return context.Error(
        ERROR_REASON_MALFORMED,
        absl::StrCat("lies deeper than ", kMaxRecordDepth, " messages"));
  }
  return RecordColumnsReader::DecodeAs(field, columns, count, context);
}

void MessageColumnsReader::Restart() {
  for (const auto& field : fields_) field->Restart();
}

void MessageColumnsReader::Read(size_t row, Message* record) {
  for (const auto& field : fields_) field->Read(row, record);
}

}  // namespace devstate::dynamic
