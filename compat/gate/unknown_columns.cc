// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/gate/unknown_columns.h"

#include "serializer/message_reader.h"
#include "serializer/occurrences.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;

constexpr int kMaxDepth = 100;

bool HasUnknown(absl::string_view columns, const Descriptor& record,
                int depth) {
  if (depth > kMaxDepth) return true;
  MessageReader reader(columns);
  MessageReader::Field column;
  while (reader.Next(&column)) {
    const FieldDescriptor* field =
        record.FindFieldByNumber(static_cast<int>(column.number));
    if (field == nullptr) return true;
    if (field->message_type() == nullptr) continue;
    // Messages have occurrences, and their columns within.
    MessageReader occurrences(column.bytes);
    MessageReader::Field part;
    while (occurrences.Next(&part)) {
      if (part.number == kOccurringValuesField &&
          HasUnknown(part.bytes, *field->message_type(), depth + 1)) {
        return true;
      }
    }
    if (!occurrences.ok()) return true;
  }
  return !reader.ok();
}

}  // namespace

bool HasUnknownColumns(absl::string_view columns, const Descriptor& record) {
  return HasUnknown(columns, record, 1);
}

}  // namespace devstate
