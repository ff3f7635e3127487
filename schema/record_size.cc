// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/record_size.h"

#include "devstate/schema/value_size.h"

namespace devstate {
namespace {


constexpr size_t kRepeatedSize = 16;
// Of a scalar that may be absent.
constexpr size_t kPresenceSize = 8;
// The size of a message without its fields.
constexpr size_t kMessageSize = 8;

size_t FieldSize(const FieldModel& field) {
  switch (field.cardinality()) {
    case Cardinality::kRepeated:
      return kRepeatedSize;
    case Cardinality::kOptional:
      return ValueSize(field) + (field.message == nullptr ? kPresenceSize : 0);
    case Cardinality::kOne:
      break;
  }
  return ValueSize(field);
}

}  // namespace

size_t ValueSize(const FieldModel& field) {
  if (field.message != nullptr) return RecordSize(*field.message);
  return field.bits == 0 ? kBytesSize : kNumberSize;
}

size_t RecordSize(const MessageModel& record) {
  size_t size = kMessageSize;
  for (const FieldModel& field : record.fields) size += FieldSize(field);
  return size;
}

}  // namespace devstate
