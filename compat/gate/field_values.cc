// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/field_values.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_format.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

template <typename T>
bool InRange(absl::int128 value) {
  return value >= std::numeric_limits<T>::min() &&
         value <= std::numeric_limits<T>::max();
}

}  // namespace

std::string NumberText(const Number& number) {
  return number.floating ? absl::StrFormat("%g", number.real)
                         : NumberText(number.integer);
}

bool HoldsNumbers(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
         field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
}

int ValueCount(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field);
  return !field.has_presence() || reflection.HasField(message, &field) ? 1 : 0;
}

Number GetNumber(const Message& message, const FieldDescriptor& field,
                 int index) {
  const Reflection& reflection = *message.GetReflection();
  Number number;
#define DS_GET(Type)                                                          \
  (field.is_repeated() ? reflection.GetRepeated##Type(message, &field, index) \
                       : reflection.Get##Type(message, &field))
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      number.integer = DS_GET(Int32);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      number.integer = DS_GET(Int64);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      number.integer = DS_GET(UInt32);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      number.integer = DS_GET(UInt64);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      number.integer = DS_GET(Bool) ? 1 : 0;
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      number.integer = DS_GET(EnumValue);
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      number.floating = true;
      number.real = static_cast<double>(DS_GET(Float));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      number.floating = true;
      number.real = DS_GET(Double);
      break;
    default:
      break;
  }
#undef DS_GET
  return number;
}

const Message& GetMessage(const Message& message, const FieldDescriptor& field,
                          int index) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated()
             ? reflection.GetRepeatedMessage(message, &field, index)
             : reflection.GetMessage(message, &field);
}

std::string GetText(const Message& message, const FieldDescriptor& field,
                    int index) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated()
             ? reflection.GetRepeatedString(message, &field, index)
             : reflection.GetString(message, &field);
}

bool Fits(const Number& number, const FieldDescriptor& field) {
  if (number.floating) {
    // A NaN is a float as well.
    return field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE ||
           (field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT &&
            (number.real != number.real ||
             static_cast<double>(static_cast<float>(number.real)) ==
                 number.real));
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return InRange<int32_t>(number.integer);
    case FieldDescriptor::CPPTYPE_INT64:
      return InRange<int64_t>(number.integer);
    case FieldDescriptor::CPPTYPE_UINT32:
      return InRange<uint32_t>(number.integer);
    case FieldDescriptor::CPPTYPE_UINT64:
      return InRange<uint64_t>(number.integer);
    case FieldDescriptor::CPPTYPE_BOOL:
      return number.integer == 0 || number.integer == 1;
    case FieldDescriptor::CPPTYPE_ENUM:
      return InRange<int32_t>(number.integer) &&
             field.enum_type()->FindValueByNumber(
                 static_cast<int>(number.integer)) != nullptr;
    default:
      return false;
  }
}

void SetNumber(const Number& number, const FieldDescriptor& field,
               Message* message) {
  const Reflection& reflection = *message->GetReflection();
#define DS_SET(Type, value)                                           \
  (field.is_repeated() ? reflection.Add##Type(message, &field, value) \
                       : reflection.Set##Type(message, &field, value))
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      DS_SET(Int32, static_cast<int32_t>(number.integer));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      DS_SET(Int64, static_cast<int64_t>(number.integer));
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      DS_SET(UInt32, static_cast<uint32_t>(number.integer));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      DS_SET(UInt64, static_cast<uint64_t>(number.integer));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      DS_SET(Bool, number.integer != 0);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      DS_SET(EnumValue, static_cast<int>(number.integer));
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      DS_SET(Float, static_cast<float>(number.real));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      DS_SET(Double, number.real);
      break;
    default:
      break;
  }
#undef DS_SET
}

}  // namespace devstate
