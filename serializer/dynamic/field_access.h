// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Access to protobuf's reflection by the type of a field, for templates.

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_FIELD_ACCESS_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_FIELD_ACCESS_H_

#include <cstdint>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace devstate::dynamic {

// Access to the number fields of one C++ type. `index` counts the elements of a
// repeated field and means nothing in others. Put() sets, or adds to, a field.
#define DEVSTATE_NUMBER_ACCESS(Name, CppType, Method)                   \
  struct Name {                                                         \
    using Type = CppType;                                               \
    static Type Get(const google::protobuf::Message& message,           \
                    const google::protobuf::FieldDescriptor* field,     \
                    int index) {                                        \
      const google::protobuf::Reflection* r = message.GetReflection();  \
      return field->is_repeated()                                       \
                 ? r->GetRepeated##Method(message, field, index)        \
                 : r->Get##Method(message, field);                      \
    }                                                                   \
    static void Put(google::protobuf::Message* message,                 \
                    const google::protobuf::FieldDescriptor* field,     \
                    Type value) {                                       \
      const google::protobuf::Reflection* r = message->GetReflection(); \
      field->is_repeated() ? r->Add##Method(message, field, value)      \
                           : r->Set##Method(message, field, value);     \
    }                                                                   \
  };

DEVSTATE_NUMBER_ACCESS(Int32Access, int32_t, Int32)
DEVSTATE_NUMBER_ACCESS(Int64Access, int64_t, Int64)
DEVSTATE_NUMBER_ACCESS(UInt32Access, uint32_t, UInt32)
DEVSTATE_NUMBER_ACCESS(UInt64Access, uint64_t, UInt64)
DEVSTATE_NUMBER_ACCESS(FloatAccess, float, Float)
DEVSTATE_NUMBER_ACCESS(DoubleAccess, double, Double)
DEVSTATE_NUMBER_ACCESS(BoolAccess, bool, Bool)
DEVSTATE_NUMBER_ACCESS(EnumAccess, int32_t, EnumValue)

#undef DEVSTATE_NUMBER_ACCESS

// The access to strings and bytes, and to messages, whose columns are not like
// those of numbers.
struct StringAccess {};
struct MessageAccess {};

// Calls `visitor` with the access of the field's type.
template <typename Visitor>
auto VisitType(const google::protobuf::FieldDescriptor& field,
               const Visitor& visitor) {
  using google::protobuf::FieldDescriptor;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return visitor(Int32Access());
    case FieldDescriptor::CPPTYPE_INT64:
      return visitor(Int64Access());
    case FieldDescriptor::CPPTYPE_UINT32:
      return visitor(UInt32Access());
    case FieldDescriptor::CPPTYPE_UINT64:
      return visitor(UInt64Access());
    case FieldDescriptor::CPPTYPE_FLOAT:
      return visitor(FloatAccess());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return visitor(DoubleAccess());
    case FieldDescriptor::CPPTYPE_BOOL:
      return visitor(BoolAccess());
    case FieldDescriptor::CPPTYPE_ENUM:
      return visitor(EnumAccess());
    case FieldDescriptor::CPPTYPE_STRING:
      return visitor(StringAccess());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return visitor(MessageAccess());
}

}  // namespace devstate::dynamic

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_FIELD_ACCESS_H_
