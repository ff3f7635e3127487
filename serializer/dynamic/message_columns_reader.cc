// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Columns are decoded by the readers of generated code, so that bytes and
// errors are the same. What is here puts decoded values into messages by
// reflection, or prints them: a reader for each field, made once for a record
// type.

#include "devstate/serializer/dynamic/message_columns_reader.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/schema/record_check.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/dynamic/field_access.h"
#include "devstate/serializer/dynamic/json_output.h"
#include "devstate/serializer/dynamic/message_table.h"
#include "devstate/serializer/dynamic/redacted_text.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate::dynamic {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

// A key of a map, as it is printed and sorted.
struct MapKey {
  bool operator<(const MapKey& other) const {
    return number != other.number ? number < other.number
                                  : string < other.string;
  }

  // A number that ascends as the key does, or 0.
  uint64_t number = 0;
  // A string, or nothing.
  absl::string_view string;
  // Without quotation marks, but for those of a string.
  std::string text;
};

// A field of a message, and the column that it comes from. One of the functions
// that take a row is called for each row, from 0.
class FieldReader {
 public:
  virtual ~FieldReader() = default;

  virtual ColumnReader* column() = 0;
  // Must come before the first row of a batch.
  virtual void Restart() = 0;
  // Puts the field of row `row` into `record`.
  virtual void Read(size_t row, Message* record) = 0;
  // Prints the field, unless it is not there or cannot be told from that.
  virtual void Print(size_t row, JsonOutput& out) = 0;
  // Prints the value alone, as of a map's entry, which always has one.
  virtual void PrintValue(size_t row, JsonOutput& out) = 0;
  // Returns the value as a key of a map.
  virtual MapKey Key(size_t row) = 0;
};

namespace {

// What the values of a field are made with.
struct ValueType {
  const FieldModel* model;
  const FieldDescriptor* field;
  // Of a message field.
  const Message* prototype = nullptr;
};

// The values of a field: Take() takes the next one, for what follows.
template <typename Access>
class Values {
 public:
  using Type = typename Access::Type;

  explicit Values(const ValueType& type) : field_(type.field) {}

  ColumnReader* column() { return &column_; }
  void Restart() {}
  void Take(size_t i) { value_ = column_[i]; }
  void Put(Message* record) { Access::Put(record, field_, value_); }
  // By its bits, because -0.0 is not the default.
  bool is_default() const { return NumberTraits<Type>::ToBits(value_) == 0; }
  // Of a string.
  size_t size() const { return 0; }
  void Print(JsonOutput& out) const {
    if constexpr (std::is_same_v<Access, EnumAccess>) {
      const auto* named = field_->enum_type()->FindValueByNumber(value_);
      if (named != nullptr) return out.String(named->name());
    }
    out.Number(value_);
  }
  static void PrintNothing(JsonOutput&) {}
  MapKey Key() const {
    if constexpr (!std::is_integral_v<Type>) {
      return {};
    } else if constexpr (std::is_same_v<Type, bool>) {
      return {value_, {}, value_ ? "true" : "false"};
    } else {
      // Negative numbers come first.
      constexpr uint64_t kSign = std::is_signed_v<Type> ? uint64_t{1} << 63 : 0;
      return {static_cast<uint64_t>(value_) ^ kSign, {}, absl::StrCat(value_)};
    }
  }

 private:
  const FieldDescriptor* const field_;
  NumberColumnReader<Type> column_;
  Type value_ = {};
};

template <>
class Values<StringAccess> {
 public:
  explicit Values(const ValueType& type) : field_(type.field) {}

  ColumnReader* column() { return &column_; }
  void Restart() {}
  void Take(size_t i) { column_.Read(i, value_); }
  void Put(Message* record) const {
    const auto* reflection = record->GetReflection();
    field_->is_repeated()
        ? reflection->AddString(record, field_, std::string(value_))
        : reflection->SetString(record, field_, std::string(value_));
  }
  bool is_default() const { return value_.empty(); }
  size_t size() const { return value_.size(); }
  void Print(JsonOutput& out) const {
    field_->type() == FieldDescriptor::TYPE_BYTES ? out.Bytes(value_)
                                                  : out.String(value_);
  }
  static void PrintNothing(JsonOutput&) {}
  MapKey Key() const {
    JsonOutput out(0, false, {});
    out.String(value_);
    return {0, value_, std::move(out.text())};
  }

 private:
  const FieldDescriptor* const field_;
  BytesColumnReader column_;
  absl::string_view value_;
};

template <>
class Values<MessageAccess> {
 public:
  explicit Values(const ValueType& type)
      : field_(type.field), column_(*type.model->message, *type.prototype) {}

  ColumnReader* column() { return &column_; }
  void Restart() { column_.Restart(); }
  void Take(size_t i) { row_ = i; }
  void Put(Message* record) {
    const auto* reflection = record->GetReflection();
    column_.Read(row_, field_->is_repeated()
                           ? reflection->AddMessage(record, field_)
                           : reflection->MutableMessage(record, field_));
  }
  bool is_default() const { return false; }
  size_t size() const { return 0; }
  void Print(JsonOutput& out) { column_.Print(row_, out); }
  static void PrintNothing(JsonOutput& out) {
    out.Open('{');
    out.Close('}');
  }
  static MapKey Key() { return {}; }
  // Prints the value of an entry of a map and returns its key.
  MapKey PrintEntry(JsonOutput& out) { return column_.PrintEntry(row_, out); }

 private:
  const FieldDescriptor* const field_;
  MessageColumnsReader column_;
  size_t row_ = 0;
};

// What all readers of fields have.
template <typename Access>
class ReaderBase : public FieldReader {
 public:
  explicit ReaderBase(const ValueType& type)
      : field_(*type.model), values_(type) {}

 protected:
  const std::string& name() const { return field_.name; }
  bool is_map() const { return field_.presence == Presence::kMap; }
  bool LeavesOut(const JsonOutput& out) const {
    return out.filter().volatiles && field_.annotations.volatile_();
  }
  bool Hides(const JsonOutput& out) const {
    return out.filter().sensitive && field_.annotations.sensitive();
  }
  // Prints the value that was taken.
  void PrintTaken(JsonOutput& out) {
    if (Hides(out)) {
      out.String(RedactedText(*field_.descriptor, values_.size()));
    } else {
      values_.Print(out);
    }
  }

  const FieldModel& field_;
  Values<Access> values_;
};

// A field that occurs exactly once in each record.
template <typename Access>
class OneReader final : public ReaderBase<Access> {
 public:
  using ReaderBase<Access>::ReaderBase;

  ColumnReader* column() override { return values_.column(); }
  void Restart() override { values_.Restart(); }
  void Read(size_t row, Message* record) override {
    values_.Take(row);
    values_.Put(record);
  }
  void Print(size_t row, JsonOutput& out) override {
    if (this->LeavesOut(out)) return;
    values_.Take(row);
    if (values_.is_default()) return;
    out.Key(this->name());
    this->PrintTaken(out);
  }
  void PrintValue(size_t row, JsonOutput& out) override {
    values_.Take(row);
    values_.Print(out);
  }
  MapKey Key(size_t row) override {
    values_.Take(row);
    return values_.Key();
  }

 private:
  using ReaderBase<Access>::values_;
};

// All others. `Count` is bool for an optional field, uint32_t for a repeated
// one.
template <typename Count, typename Access>
class OccurringReader final : public ReaderBase<Access> {
 public:
  explicit OccurringReader(const ValueType& type)
      : ReaderBase<Access>(type), counts_(values_.column()) {}

  ColumnReader* column() override { return &counts_; }
  void Restart() override {
    next_ = 0;
    values_.Restart();
  }
  void Read(size_t row, Message* record) override {
    for (size_t i = counts_.CountAt(row); i > 0; --i) {
      values_.Take(next_++);
      values_.Put(record);
    }
  }
  void Print(size_t row, JsonOutput& out) override {
    const size_t count = counts_.CountAt(row);
    if (count == 0 || this->LeavesOut(out)) return;
    out.Key(this->name());
    if constexpr (std::is_same_v<Count, bool>) {
      values_.Take(next_++);
      this->PrintTaken(out);
    } else if (this->is_map() && !this->Hides(out)) {
      PrintMap(count, out);
    } else {
      out.Open('[');
      for (size_t i = 0; i < count; ++i) {
        out.Item();
        values_.Take(next_++);
        this->PrintTaken(out);
      }
      out.Close(']');
    }
  }
  void PrintValue(size_t row, JsonOutput& out) override {
    if (counts_.CountAt(row) == 0) return values_.PrintNothing(out);
    values_.Take(next_++);
    values_.Print(out);
  }
  MapKey Key(size_t) override { return {}; }

 private:
  using ReaderBase<Access>::values_;

  class Counts final : public OccurrencesReader<Count> {
   public:
    explicit Counts(ColumnReader* values) : OccurrencesReader<Count>(values) {}
  };

  // Prints entries in ascending order of key: a writer may have another one.
  void PrintMap(size_t count, JsonOutput& out) {
    if constexpr (std::is_same_v<Access, MessageAccess>) {
      std::vector<std::pair<MapKey, std::string>> entries(count);
      for (auto& [key, text] : entries) {
        JsonOutput value = out.Inner();
        values_.Take(next_++);
        key = values_.PrintEntry(value);
        text = std::move(value.text());
      }
      std::sort(entries.begin(), entries.end());
      out.Open('{');
      for (const auto& [key, text] : entries) {
        out.Key(key.text);
        out.text() += text;
      }
      out.Close('}');
    }
  }

  Counts counts_;
  size_t next_ = 0;
};

std::unique_ptr<FieldReader> MakeReader(const ValueType& type) {
  return VisitType(
      *type.field, [&](auto access) -> std::unique_ptr<FieldReader> {
        using Access = decltype(access);
        switch (type.model->cardinality()) {
          case Cardinality::kRepeated:
            return std::make_unique<OccurringReader<uint32_t, Access>>(type);
          case Cardinality::kOptional:
            return std::make_unique<OccurringReader<bool, Access>>(type);
          case Cardinality::kOne:
            break;
        }
        // Messages have presence.
        if constexpr (std::is_same_v<Access, MessageAccess>) {
          return nullptr;
        } else {
          return std::make_unique<OneReader<Access>>(type);
        }
      });
}

std::vector<std::unique_ptr<FieldReader>> MakeReaders(
    const MessageModel& record, const Message& prototype) {
  std::vector<std::unique_ptr<FieldReader>> fields;
  for (const FieldModel& field : record.fields) {
    ValueType type = {&field, field.descriptor, nullptr};
    if (field.message != nullptr) {
      type.prototype =
          prototype.GetReflection()->GetMessageFactory()->GetPrototype(
              field.message->descriptor);
    }
    fields.push_back(MakeReader(type));
  }
  return fields;
}

std::vector<ColumnReader*> ColumnsOf(
    const std::vector<std::unique_ptr<FieldReader>>& fields) {
  std::vector<ColumnReader*> columns;
  for (const auto& field : fields) columns.push_back(field->column());
  return columns;
}

}  // namespace

MessageColumnsReader::MessageColumnsReader(const MessageModel& record,
                                           const Message& prototype)
    : MessageColumnsReader(std::make_unique<MessageTable>(record),
                           MakeReaders(record, prototype)) {}

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

void MessageColumnsReader::Print(size_t row, JsonOutput& out) {
  out.Open('{');
  for (const auto& field : fields_) field->Print(row, out);
  out.Close('}');
}

MapKey MessageColumnsReader::PrintEntry(size_t row, JsonOutput& out) {
  fields_[1]->PrintValue(row, out);
  return fields_[0]->Key(row);
}

}  // namespace devstate::dynamic
