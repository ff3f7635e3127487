// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/codegen/stock_columns.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "devstate/columns.pb.h"
#include "gtest/gtest.h"

namespace devstate::testing {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

using Numbers = std::vector<uint64_t>;

// --- One column ---

uint64_t UnZig(uint64_t n) { return n % 2 == 0 ? n / 2 : ~(n / 2); }
uint64_t Zig(int64_t v) {
  return v >= 0 ? static_cast<uint64_t>(v) * 2
                : static_cast<uint64_t>(-(v + 1)) * 2 + 1;
}

Numbers DecodeNumbers(const NumberColumn& column, size_t count) {
  const auto byte = [&](size_t i) {
    return uint64_t{static_cast<unsigned char>(column.data()[i])};
  };
  Numbers numbers;
  int next = 0;
  uint64_t previous = column.base();
  for (size_t i = 0; i < count; ++i) {
    uint64_t number = 0;
    switch (column.encoding()) {
      case NUMBER_ENCODING_PLAIN:
        number = column.values(next++);
        break;
      case NUMBER_ENCODING_CONSTANT:
        number = column.base();
        break;
      case NUMBER_ENCODING_SEQUENCE:
        number = column.base() + i * column.step();
        break;
      case NUMBER_ENCODING_RUN_LENGTH: {
        const uint64_t length = column.values(next + 1);
        numbers.insert(numbers.end(), length, column.values(next));
        next += 2;
        i += length - 1;
        continue;
      }
      case NUMBER_ENCODING_BYTE:
        number =
            column.base() + (byte(i) == 255 ? column.values(next++) : byte(i));
        break;
      case NUMBER_ENCODING_DELTA_BYTE:
        number =
            previous + UnZig(byte(i) == 255 ? column.values(next++) : byte(i));
        break;
      case NUMBER_ENCODING_FIXED:
        for (size_t k = column.width(); k-- > 0;) {
          number = number << 8 | byte(i * column.width() + k);
        }
        number += column.base();
        break;
      case NUMBER_ENCODING_DICTIONARY:
        number = column.values(static_cast<int>(byte(i)));
        break;
      default:
        ADD_FAILURE() << "encoding " << column.encoding();
    }
    numbers.push_back(number);
    previous = number;
  }
  if (column.encoding() != NUMBER_ENCODING_DICTIONARY) {
    EXPECT_EQ(next, column.values_size());
  }
  return numbers;
}

NumberColumn PlainColumn(ColumnKind kind, const Numbers& numbers) {
  NumberColumn column;
  column.set_kind(kind);
  for (const uint64_t number : numbers) column.add_values(number);
  return column;
}

std::vector<std::string> DecodeBytes(const BytesColumn& column, size_t count) {
  const Numbers lengths = column.has_lengths()
                              ? DecodeNumbers(column.lengths(), count)
                              : Numbers(count, 0);
  std::vector<std::string> values;
  if (column.layout() == BYTES_LAYOUT_CONCATENATED) {
    size_t position = 0;
    for (const uint64_t length : lengths) {
      values.push_back(column.data().substr(position, length));
      position += length;
    }
    EXPECT_EQ(position, column.data().size());
    return values;
  }
  values.resize(count);
  const Reflection& reflection = *column.GetReflection();
  for (size_t word = 0; word < lengths[0] / 4; ++word) {
    const FieldDescriptor* field =
        column.GetDescriptor()->FindFieldByName("word" + std::to_string(word));
    const Numbers words =
        reflection.HasField(column, field)
            ? DecodeNumbers(static_cast<const NumberColumn&>(
                                reflection.GetMessage(column, field)),
                            count)
            : Numbers(count, 0);
    for (size_t i = 0; i < count; ++i) {
      for (int k = 0; k < 4; ++k) {
        values[i] += static_cast<char>(words[i] >> (8 * k));
      }
    }
  }
  return values;
}

// --- Fields of a record ---

ColumnKind KindOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_ENUM:
      return COLUMN_KIND_SIGNED;
    case FieldDescriptor::CPPTYPE_FLOAT:
      return COLUMN_KIND_FLOAT;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return COLUMN_KIND_DOUBLE;
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_STRING ? COLUMN_KIND_TEXT
                                                          : COLUMN_KIND_BYTES;
    default:
      return COLUMN_KIND_UNSIGNED;
  }
}

// Sets the field, or adds to it.
void PutNumber(const FieldDescriptor& field, uint64_t number, Message* m) {
  const Reflection* r = m->GetReflection();
  const bool add = field.is_repeated();
  const int64_t value = static_cast<int64_t>(UnZig(number));
  const uint32_t bits = static_cast<uint32_t>(number);
  float real;
  std::memcpy(&real, &bits, sizeof(real));
  double wide;
  std::memcpy(&wide, &number, sizeof(wide));
#define DEVSTATE_PUT(Type, v) \
  add ? r->Add##Type(m, &field, v) : r->Set##Type(m, &field, v)
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      DEVSTATE_PUT(Int32, static_cast<int32_t>(value));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      DEVSTATE_PUT(Int64, value);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      DEVSTATE_PUT(UInt32, bits);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      DEVSTATE_PUT(UInt64, number);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      DEVSTATE_PUT(Bool, number != 0);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      DEVSTATE_PUT(EnumValue, static_cast<int>(value));
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      DEVSTATE_PUT(Float, real);
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      DEVSTATE_PUT(Double, wide);
      break;
    default:
      ADD_FAILURE() << field.full_name();
  }
#undef DEVSTATE_PUT
}

uint64_t TakeNumber(const FieldDescriptor& field, const Message& m, int i) {
  const Reflection* r = m.GetReflection();
#define DEVSTATE_TAKE(Type) \
  (i < 0 ? r->Get##Type(m, &field) : r->GetRepeated##Type(m, &field, i))
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Zig(DEVSTATE_TAKE(Int32));
    case FieldDescriptor::CPPTYPE_INT64:
      return Zig(DEVSTATE_TAKE(Int64));
    case FieldDescriptor::CPPTYPE_UINT32:
      return DEVSTATE_TAKE(UInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return DEVSTATE_TAKE(UInt64);
    case FieldDescriptor::CPPTYPE_BOOL:
      return DEVSTATE_TAKE(Bool);
    case FieldDescriptor::CPPTYPE_ENUM:
      return Zig(DEVSTATE_TAKE(EnumValue));
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const float value = DEVSTATE_TAKE(Float);
      uint32_t bits;
      std::memcpy(&bits, &value, sizeof(bits));
      return bits;
    }
    default: {
      const double value = DEVSTATE_TAKE(Double);
      uint64_t bits;
      std::memcpy(&bits, &value, sizeof(bits));
      return bits;
    }
  }
#undef DEVSTATE_TAKE
}

// Records, each the place of one value: a field may occur several times in one.
using Places = std::vector<Message*>;

void DecodeRecords(const Message& columns, const Places& records);

// The values of `field`, one for each of `places`, out of `column`, which is
// null if all are the default.
void DecodeField(const FieldDescriptor& field, const Message* column,
                 const Places& places) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    Places children;
    for (Message* place : places) {
      const Reflection* r = place->GetReflection();
      children.push_back(field.is_repeated()
                             ? r->AddMessage(place, &field)
                             : r->MutableMessage(place, &field));
    }
    if (column != nullptr) DecodeRecords(*column, children);
    return;
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    std::vector<std::string> values(places.size());
    if (column != nullptr) {
      const auto& bytes = static_cast<const BytesColumn&>(*column);
      EXPECT_EQ(bytes.kind(), KindOf(field)) << field.full_name();
      values = DecodeBytes(bytes, places.size());
    }
    for (size_t i = 0; i < places.size(); ++i) {
      const Reflection* r = places[i]->GetReflection();
      field.is_repeated() ? r->AddString(places[i], &field, values[i])
                          : r->SetString(places[i], &field, values[i]);
    }
    return;
  }
  Numbers numbers(places.size());
  if (column != nullptr) {
    const auto& number_column = static_cast<const NumberColumn&>(*column);
    EXPECT_EQ(number_column.kind(), KindOf(field)) << field.full_name();
    numbers = DecodeNumbers(number_column, places.size());
  }
  for (size_t i = 0; i < places.size(); ++i) {
    PutNumber(field, numbers[i], places[i]);
  }
}

bool OccursOnce(const FieldDescriptor& field) {
  return !field.is_repeated() && !field.has_presence();
}

void DecodeRecords(const Message& columns, const Places& records) {
  if (records.empty()) return;
  const Descriptor& record = *records[0]->GetDescriptor();
  std::vector<const FieldDescriptor*> present;
  columns.GetReflection()->ListFields(columns, &present);
  for (const FieldDescriptor* column_field : present) {
    const FieldDescriptor* field =
        record.FindFieldByNumber(column_field->number());
    ASSERT_NE(field, nullptr);
    EXPECT_EQ(field->name(), column_field->name());
    const Message& column =
        columns.GetReflection()->GetMessage(columns, column_field);
    if (OccursOnce(*field)) {
      DecodeField(*field, &column, records);
      continue;
    }
    const Reflection* r = column.GetReflection();
    const FieldDescriptor* occurrences =
        column.GetDescriptor()->FindFieldByNumber(1);
    const FieldDescriptor* values =
        column.GetDescriptor()->FindFieldByNumber(2);
    ASSERT_TRUE(r->HasField(column, occurrences));
    const Numbers counts = DecodeNumbers(
        static_cast<const NumberColumn&>(r->GetMessage(column, occurrences)),
        records.size());
    Places places;
    for (size_t i = 0; i < records.size(); ++i) {
      places.insert(places.end(), counts[i], records[i]);
    }
    DecodeField(
        *field,
        r->HasField(column, values) ? &r->GetMessage(column, values) : nullptr,
        places);
  }
}

void EncodeValues(const FieldDescriptor& field, const Numbers& counts,
                  const std::vector<const Message*>& records, Message* column) {
  // -1: not repeated.
  std::vector<std::pair<const Message*, int>> places;
  for (size_t i = 0; i < records.size(); ++i) {
    for (uint64_t k = 0; k < counts[i]; ++k) {
      places.emplace_back(records[i],
                          field.is_repeated() ? static_cast<int>(k) : -1);
    }
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    std::vector<const Message*> children;
    for (const auto& [m, i] : places) {
      const Reflection* r = m->GetReflection();
      children.push_back(i < 0 ? &r->GetMessage(*m, &field)
                               : &r->GetRepeatedMessage(*m, &field, i));
    }
    EncodeStock(children, column);
    return;
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    auto* bytes = static_cast<BytesColumn*>(column);
    bytes->set_kind(KindOf(field));
    Numbers lengths;
    for (const auto& [m, i] : places) {
      const Reflection* r = m->GetReflection();
      const std::string value = i < 0 ? r->GetString(*m, &field)
                                      : r->GetRepeatedString(*m, &field, i);
      lengths.push_back(value.size());
      *bytes->mutable_data() += value;
    }
    *bytes->mutable_lengths() = PlainColumn(COLUMN_KIND_UNSIGNED, lengths);
    return;
  }
  Numbers numbers;
  for (const auto& [m, i] : places) {
    numbers.push_back(TakeNumber(field, *m, i));
  }
  *static_cast<NumberColumn*>(column) = PlainColumn(KindOf(field), numbers);
}

}  // namespace

Messages DecodeStock(const Message& columns, const Message& record,
                     size_t count) {
  Messages records;
  Places places;
  for (size_t i = 0; i < count; ++i) {
    records.emplace_back(record.New());
    places.push_back(records.back().get());
  }
  DecodeRecords(columns, places);
  return records;
}

void EncodeStock(const std::vector<const Message*>& records, Message* columns) {
  if (records.empty()) return;
  const Descriptor& record = *records[0]->GetDescriptor();
  for (int f = 0; f < record.field_count(); ++f) {
    const FieldDescriptor& field = *record.field(f);
    const FieldDescriptor* column_field =
        columns->GetDescriptor()->FindFieldByNumber(field.number());
    ASSERT_NE(column_field, nullptr) << field.full_name();
    Numbers counts;
    uint64_t total = 0;
    for (const Message* m : records) {
      const Reflection* r = m->GetReflection();
      counts.push_back(field.is_repeated()
                           ? static_cast<uint64_t>(r->FieldSize(*m, &field))
                       : field.has_presence() ? r->HasField(*m, &field)
                                              : 1);
      total += counts.back();
    }
    if (total == 0) continue;
    Message* column =
        columns->GetReflection()->MutableMessage(columns, column_field);
    if (OccursOnce(field)) {
      EncodeValues(field, counts, records, column);
      continue;
    }
    const Reflection* r = column->GetReflection();
    const Descriptor* descriptor = column->GetDescriptor();
    *static_cast<NumberColumn*>(
        r->MutableMessage(column, descriptor->FindFieldByNumber(1))) =
        PlainColumn(COLUMN_KIND_UNSIGNED, counts);
    EncodeValues(field, counts, records,
                 r->MutableMessage(column, descriptor->FindFieldByNumber(2)));
  }
}

bool HasUnknownFields(const Message& message) {
  const Reflection& r = *message.GetReflection();
  if (!r.GetUnknownFields(message).empty()) return true;
  std::vector<const FieldDescriptor*> fields;
  r.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (HasUnknownFields(r.GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < r.FieldSize(message, field); ++i) {
      if (HasUnknownFields(r.GetRepeatedMessage(message, field, i))) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace devstate::testing
