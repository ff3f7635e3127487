// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "codegen/record_size.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;

constexpr size_t kNumberSize = 8;
constexpr size_t kBytesSize = 16;
constexpr size_t kRepeatedSize = 16;
// Of a scalar that may be absent.
constexpr size_t kPresenceSize = 8;
// Of a message, beside its fields.
constexpr size_t kMessageSize = 8;

size_t FieldSize(const FieldDescriptor& field) {
  if (field.is_repeated()) return kRepeatedSize;
  const bool optional_scalar =
      field.has_presence() && field.message_type() == nullptr;
  return ValueSize(field) + (optional_scalar ? kPresenceSize : 0);
}

}  // namespace

size_t ValueSize(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return RecordSize(*field.message_type());
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ? kBytesSize
                                                             : kNumberSize;
}

size_t RecordSize(const Descriptor& record) {
  size_t size = kMessageSize;
  for (int i = 0; i < record.field_count(); ++i) {
    size += FieldSize(*record.field(i));
  }
  return size;
}

}  // namespace devstate
