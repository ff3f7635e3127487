// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <map>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "devstate/schema/record_check.h"
#include "devstate/schema/record_size.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/field_access.h"
#include "devstate/serializer/enum_column.h"
#include "devstate/serializer/map_keys.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace dynamic {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::OneofDescriptor;

// The columns of one field of a record.
class ColumnReader {
 public:
  explicit ColumnReader(const FieldDescriptor* field) : field_(field) {}
  virtual ~ColumnReader() = default;

  const FieldDescriptor* field() const { return field_; }

  virtual void SetDefault() = 0;
  virtual absl::Status Decode(absl::string_view column, size_t count,
                              DecodeContext& context) = 0;
  // Puts the field of row `row` into `record`; to be called for the rows one
  // after the other, from 0.
  virtual void Read(size_t row, Message* record) = 0;

  // How often the field occurs in all rows, and in one.
  virtual uint64_t Total() const = 0;
  virtual size_t CountAt(size_t row) const = 0;

  // Of the keys of map entries: see map_keys.h. Must come before Read().
  virtual size_t FirstRowWithKeyTwice(
      size_t rows, absl::FunctionRef<size_t(size_t)> /*count_at*/,
      size_t /*total*/) const {
    return rows;
  }

 private:
  const FieldDescriptor* const field_;
};

// The columns of a message. Its own type for the values of an occurrence.
class RecordColumnsReader {
 public:
  // `prototype` is of the type `record`.
  RecordColumnsReader(const MessageModel& record, const Message& prototype);

  void SetDefault() {
    for (auto& [number, column] : columns_) column->SetDefault();
  }
  absl::Status Decode(absl::string_view columns, size_t count,
                      DecodeContext& context);
  // Of map entries.
  const ColumnReader& Keys() const { return *columns_.at(1); }
  void Read(size_t row, Message* record) {
    for (auto& [number, column] : columns_) column->Read(row, record);
  }

 private:
  // Whether a row has several members of `oneof`.
  bool HasSeveral(const OneofDescriptor& oneof, size_t count) const;

  const Descriptor& type_;
  // In ascending order of number.
  std::map<uint32_t, std::unique_ptr<ColumnReader>> columns_;
};

namespace {

// What the values of a field are made with.
struct ValueType {
  const FieldModel* model;
  const FieldDescriptor* field;
  // Of a message field.
  const Message* prototype = nullptr;
};

// The column of a field's values: Read() puts the value of a row into the
// field.
template <typename Access>
class ValueReader : public NumberColumnReader<typename Access::Type> {
 public:
  explicit ValueReader(const ValueType& type) : field_(type.field) {}

  void Read(size_t i, Message* record) {
    Access::Put(record, field_, (*this)[i]);
  }

 private:
  const FieldDescriptor* const field_;
};

template <>
class ValueReader<EnumAccess> : public NumberColumnReader<int32_t> {
 public:
  explicit ValueReader(const ValueType& type) : field_(type.field) {}

  // As EnumColumnReader.
  absl::Status Decode(absl::string_view column, size_t count,
                      DecodeContext& context) {
    DS_RETURN_IF_ERROR(
        NumberColumnReader<int32_t>::Decode(column, count, context));
    const auto named = [this](int32_t value) {
      return field_->enum_type()->FindValueByNumber(value) != nullptr;
    };
    if (AllOf(count, named)) return absl::OkStatus();
    return UnnamedEnumValue(context);
  }
  void Read(size_t i, Message* record) {
    EnumAccess::Put(record, field_, (*this)[i]);
  }

 private:
  const FieldDescriptor* const field_;
};

template <>
class ValueReader<StringAccess> : public BytesColumnReader {
 public:
  explicit ValueReader(const ValueType& type)
      : BytesColumnReader(type.model->column_kind), field_(type.field) {}

  void Read(size_t i, Message* record) {
    absl::string_view value;
    BytesColumnReader::Read(i, value);
    const auto* reflection = record->GetReflection();
    field_->is_repeated()
        ? reflection->AddString(record, field_, std::string(value))
        : reflection->SetString(record, field_, std::string(value));
  }

 private:
  const FieldDescriptor* const field_;
};

template <>
class ValueReader<MessageAccess> : public RecordColumnsReader {
 public:
  explicit ValueReader(const ValueType& type)
      : RecordColumnsReader(*type.model->message, *type.prototype),
        field_(type.field) {}

  void Read(size_t i, Message* record) {
    const auto* reflection = record->GetReflection();
    RecordColumnsReader::Read(
        i, field_->is_repeated() ? reflection->AddMessage(record, field_)
                                 : reflection->MutableMessage(record, field_));
  }

 private:
  const FieldDescriptor* const field_;
};

// A field that occurs exactly once in each record.
template <typename Values>
class OneReader : public ColumnReader {
 public:
  explicit OneReader(const ValueType& type)
      : ColumnReader(type.field), values_(type) {}

  void SetDefault() override { values_.SetDefault(); }
  absl::Status Decode(absl::string_view column, size_t count,
                      DecodeContext& context) override {
    return values_.Decode(column, count, context);
  }
  void Read(size_t row, Message* record) override { values_.Read(row, record); }
  uint64_t Total() const override { return 0; }
  size_t CountAt(size_t) const override { return 1; }
  size_t FirstRowWithKeyTwice(size_t rows,
                              absl::FunctionRef<size_t(size_t)> count_at,
                              size_t total) const override {
    return devstate::FirstRowWithKeyTwice(rows, count_at,
                                          values_.Values(total));
  }

 private:
  Values values_;
};

// All others. `Count` is bool for an optional field, uint32_t for a repeated
// one.
template <typename Count, typename Values>
class OccurringReader : public ColumnReader,
                        private OccurrencesReader<Count, Values> {
  using Base = OccurrencesReader<Count, Values>;

 public:
  explicit OccurringReader(const ValueType& type)
      : ColumnReader(type.field),
        Base(type),
        value_size_(type.field->is_repeated() ? ValueSize(*type.model) : 0) {}

  void SetDefault() override {
    Base::SetDefault();
    next_ = 0;
  }
  absl::Status Decode(absl::string_view columns, size_t count,
                      DecodeContext& context) override {
    next_ = 0;
    DS_RETURN_IF_ERROR(Base::Decode(columns, count, value_size_, context));
    if constexpr (std::is_base_of_v<RecordColumnsReader, Values>) {
      if (!field()->is_map()) return absl::OkStatus();
      const size_t row = this->values_.Keys().FirstRowWithKeyTwice(
          count, [this](size_t i) { return CountAt(i); }, Total());
      if (row != count) return KeyTwice(context, row);
    }
    return absl::OkStatus();
  }
  void Read(size_t row, Message* record) override {
    for (size_t i = Base::CountAt(row); i > 0; --i) {
      this->values_.Read(next_++, record);
    }
  }
  uint64_t Total() const override { return Base::total(); }
  size_t CountAt(size_t row) const override { return Base::CountAt(row); }

 private:
  const size_t value_size_;
  size_t next_ = 0;
};

std::unique_ptr<ColumnReader> MakeColumnReader(const ValueType& type) {
  return VisitType(
      *type.field, [&](auto access) -> std::unique_ptr<ColumnReader> {
        using Values = ValueReader<decltype(access)>;
        switch (type.model->cardinality()) {
          case FieldModel::Cardinality::kRepeated:
            return std::make_unique<OccurringReader<uint32_t, Values>>(type);
          case FieldModel::Cardinality::kOptional:
            return std::make_unique<OccurringReader<bool, Values>>(type);
          case FieldModel::Cardinality::kOne:
            break;
        }
        // Messages have presence.
        if constexpr (std::is_same_v<decltype(access), MessageAccess>) {
          return nullptr;
        } else {
          return std::make_unique<OneReader<Values>>(type);
        }
      });
}

}  // namespace

RecordColumnsReader::RecordColumnsReader(const MessageModel& record,
                                         const Message& prototype)
    : type_(*prototype.GetDescriptor()) {
  for (const FieldModel& field : record.fields) {
    ValueType type = {&field, field.descriptor, nullptr};
    if (field.message != nullptr) {
      type.prototype =
          prototype.GetReflection()->GetMessageFactory()->GetPrototype(
              field.message->descriptor);
    }
    columns_[static_cast<uint32_t>(field.number)] = MakeColumnReader(type);
  }
}

absl::Status RecordColumnsReader::Decode(absl::string_view columns,
                                         size_t count, DecodeContext& context) {
  SetDefault();
  // The schema may be deeper, if a release wrote it that had no such rule.
  if (context.depth() > kMaxRecordDepth) {
    return context.Error(
        ERROR_REASON_MALFORMED,
        absl::StrCat("lies deeper than ", kMaxRecordDepth, " messages"));
  }
  ColumnsWalker walker(columns, context);
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool more, walker.Next());
    if (!more) break;
    const auto column = columns_.find(walker.number());
    if (column == columns_.end()) return walker.UnknownColumn();
    DecodeContext::PathScope scope(context, column->second->field()->name());
    DS_RETURN_IF_ERROR(column->second->Decode(walker.bytes(), count, context));
  }
  for (int i = 0; i < type_.real_oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *type_.oneof_decl(i);
    if (HasSeveral(oneof, count)) {
      return context.Error(ERROR_REASON_MALFORMED,
                           absl::StrCat("a row has several members of the "
                                        "oneof ",
                                        oneof.name()));
    }
  }
  return absl::OkStatus();
}

bool RecordColumnsReader::HasSeveral(const OneofDescriptor& oneof,
                                     size_t count) const {
  std::vector<const ColumnReader*> members;
  for (int i = 0; i < oneof.field_count(); ++i) {
    const ColumnReader& column =
        *columns_.at(static_cast<uint32_t>(oneof.field(i)->number()));
    if (column.Total() != 0) members.push_back(&column);
  }
  if (members.size() < 2) return false;
  for (size_t row = 0; row < count; ++row) {
    size_t occurring = 0;
    for (const ColumnReader* member : members) {
      occurring += member->CountAt(row);
    }
    if (occurring > 1) return true;
  }
  return false;
}

}  // namespace dynamic

BatchDecoder::BatchDecoder(const MessageModel& record,
                           const google::protobuf::Message& prototype)
    : record_(record), prototype_(prototype) {}

BatchDecoder::~BatchDecoder() = default;

absl::Status BatchDecoder::Decode(
    const Chunk& chunk, absl::string_view field_name, const Limits& limits,
    std::vector<std::unique_ptr<google::protobuf::Message>>* records) {
  records->clear();
  if (reader_ == nullptr) {
    DS_RETURN_IF_ERROR(CheckRecordType(*record_.descriptor, kMaxReadableDepth));
    record_size_ = RecordSize(record_);
    reader_ =
        std::make_unique<dynamic::RecordColumnsReader>(record_, prototype_);
  }
  const size_t count = chunk.header.records;
  // What annotations say is not for a codec without generated code.
  DecodeContext context(chunk, limits, /*schema_version=*/0);
  DecodeContext::PathScope scope(context, field_name);
  DS_RETURN_IF_ERROR(context.ChargeMemory(count, record_size_));
  DS_RETURN_IF_ERROR(reader_->Decode(chunk.payload, count, context));
  records->reserve(count);
  for (size_t row = 0; row < count; ++row) {
    records->emplace_back(prototype_.New());
    reader_->Read(row, records->back().get());
  }
  return absl::OkStatus();
}

absl::Status DecodeBatch(
    const Chunk& chunk, absl::string_view field_name,
    const MessageModel& record, const google::protobuf::Message& prototype,
    const Limits& limits,
    std::vector<std::unique_ptr<google::protobuf::Message>>* records) {
  return BatchDecoder(record, prototype)
      .Decode(chunk, field_name, limits, records);
}

}  // namespace devstate
