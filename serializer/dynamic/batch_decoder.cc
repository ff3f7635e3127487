// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Columns are decoded by the readers of generated code, so that bytes and
// errors are the same. What is here puts decoded values into messages by
// reflection: a setter for each field, made once for a record type.

#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/schema/record_check.h"
#include "devstate/schema/record_key.h"
#include "devstate/schema/record_size.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/field_access.h"
#include "devstate/serializer/dynamic/message_columns_builder.h"
#include "devstate/serializer/dynamic/message_table.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/serializer/record_columns.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace dynamic {

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

using Setters = std::vector<std::unique_ptr<FieldSetter>>;

// The columns of a message. Its own type for the values of an occurrence.
class MessageColumnsReader final : public RecordColumnsReader {
 public:
  // `prototype` is of the type `record`.
  MessageColumnsReader(const MessageModel& record, const Message& prototype);

  // Refuses what lies too deep, as well: a release without such a rule may have
  // written a schema that is deeper.
  absl::Status DecodeAs(const FieldEntry& field, absl::string_view columns,
                        size_t count, DecodeContext& context) override {
    if (context.depth() > kMaxRecordDepth) {
      return context.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("lies deeper than ", kMaxRecordDepth, " messages"));
    }
    return RecordColumnsReader::DecodeAs(field, columns, count, context);
  }

  // As FieldSetter.
  void Read(size_t row, Message* record) {
    for (const auto& field : fields_) field->Read(row, record);
  }
  void Restart() {
    for (const auto& field : fields_) field->Restart();
  }

 private:
  MessageColumnsReader(std::unique_ptr<MessageTable> table, Setters fields);

  const std::unique_ptr<MessageTable> table_;
  // In ascending order of number.
  const Setters fields_;
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

Setters MakeSetters(const MessageModel& record, const Message& prototype) {
  Setters fields;
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

std::vector<ColumnReader*> ColumnsOf(const Setters& fields) {
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
                                           Setters fields)
    : RecordColumnsReader(table->table(), ColumnsOf(fields)),
      table_(std::move(table)),
      fields_(std::move(fields)) {}

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
        std::make_unique<dynamic::MessageColumnsReader>(record_, prototype_);
  }
  const size_t count = chunk.header.records;
  // What annotations say is not for a codec without generated code.
  DS_RETURN_IF_ERROR(DecodeRecords(chunk, field_name, record_size_, /*key=*/{},
                                   limits, /*schema_version=*/0, *reader_));
  reader_->Restart();
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

namespace {

using ::google::protobuf::Message;

// The parts of a codec that are there before it.
struct MergeParts {
  MergeParts(const FieldModel& field, const Message& prototype)
      : key(RecordKey(field)),
        columns(*field.message, prototype),
        builder(*field.message) {}

  const std::vector<uint16_t> key;
  dynamic::MessageColumnsReader columns;
  dynamic::MessageColumnsBuilder builder;
};

class MessageMergeCodec final : private MergeParts, public MergeCodec {
 public:
  MessageMergeCodec(const FieldModel& field, const Message& prototype)
      : MergeParts(field, prototype),
        MergeCodec(field.name, RecordSize(*field.message), key, &columns),
        prototype_(prototype),
        record_size_(RecordSize(*field.message)) {}

 private:
  void Measure(std::vector<uint64_t>& sizes) override {
    columns.Restart();
    for (size_t row = 0; row < sizes.size(); ++row) {
      sizes[row] = record_size_ + builder.VariableSize(*Read(row));
    }
  }
  void Copy(const std::vector<bool>& keep, MessageWriter& out) override {
    columns.Restart();
    for (size_t row = 0; row < keep.size(); ++row) {
      const std::unique_ptr<Message> record = Read(row);
      if (keep[row]) builder.Append(*record);
    }
    builder.EncodeBody(out);
    builder.Clear();
  }

  std::unique_ptr<Message> Read(size_t row) {
    std::unique_ptr<Message> record(prototype_.New());
    columns.Read(row, record.get());
    return record;
  }

  const Message& prototype_;
  const size_t record_size_;
};

}  // namespace

std::unique_ptr<MergeCodec> MakeMergeCodec(const FieldModel& field,
                                           const Message& prototype) {
  return std::make_unique<MessageMergeCodec>(field, prototype);
}

}  // namespace devstate
