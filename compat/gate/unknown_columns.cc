// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/gate/unknown_columns.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/occurrences.h"

namespace devstate {
namespace {

constexpr int kMaxDepth = 100;

UnknownColumns Find(absl::string_view columns, const MessageModel& written,
                    const MessageModel& read, int depth) {
  if (depth > kMaxDepth) return UnknownColumns::kOthers;
  UnknownColumns found = UnknownColumns::kNone;
  MessageReader reader(columns);
  MessageReader::Field column;
  while (reader.Next(&column)) {
    const int number = static_cast<int>(column.number);
    const FieldModel* from = written.FindNumber(number);
    const FieldModel* to = read.FindNumber(number);
    if (to == nullptr) {
      if (from == nullptr || !from->annotations.ignorable()) {
        return UnknownColumns::kOthers;
      }
      found = UnknownColumns::kIgnorable;
      continue;
    }
    if (from == nullptr) return UnknownColumns::kOthers;
    if (from->message == nullptr || to->message == nullptr) continue;
    // Messages have occurrences, and their columns within.
    MessageReader occurrences(column.bytes);
    MessageReader::Field part;
    while (occurrences.Next(&part)) {
      if (part.number != kOccurringValuesField) continue;
      found = std::max(
          found, Find(part.bytes, *from->message, *to->message, depth + 1));
    }
    if (!occurrences.ok()) return UnknownColumns::kOthers;
  }
  return reader.ok() ? found : UnknownColumns::kOthers;
}

}  // namespace

UnknownColumns FindUnknownColumns(absl::string_view columns,
                                  const MessageModel& written,
                                  const MessageModel& read) {
  return Find(columns, written, read, 1);
}

void CopyKnownColumns(absl::string_view columns, const MessageModel& written,
                      const MessageModel& read, const std::string& path,
                      MessageWriter* out, std::vector<std::string>* dropped) {
  MessageReader reader(columns);
  MessageReader::Field column;
  while (reader.Next(&column)) {
    const int number = static_cast<int>(column.number);
    const FieldModel& from = *written.FindNumber(number);
    const FieldModel* to = read.FindNumber(number);
    const std::string name = absl::StrCat(path, ".", from.name);
    if (to == nullptr) {
      dropped->push_back(name);
      continue;
    }
    if (from.message == nullptr) {
      out->WriteBytes(column.number, column.bytes);
      continue;
    }
    const MessageWriter::Nested nested =
        out->BeginNested(column.number, column.bytes.size());
    MessageReader occurrences(column.bytes);
    MessageReader::Field part;
    while (occurrences.Next(&part)) {
      if (part.number != kOccurringValuesField) {
        out->WriteBytes(part.number, part.bytes);
        continue;
      }
      const MessageWriter::Nested values =
          out->BeginNested(part.number, part.bytes.size());
      CopyKnownColumns(part.bytes, *from.message, *to->message, name, out,
                       dropped);
      // Columns of nothing but defaults are left out.
      if (out->IsEmpty(values)) {
        out->DropNested(values);
      } else {
        out->EndNested(values);
      }
    }
    out->EndNested(nested);
  }
}

}  // namespace devstate
