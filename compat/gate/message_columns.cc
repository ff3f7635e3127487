// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/message_columns.h"

#include <utility>

#include "devstate/serializer/occurrences.h"

namespace devstate {
namespace {

// Near enough for most bodies to find that they need as many bytes of length.
constexpr size_t kSizeHint = 16384;

bool IsSingleMessage(const FieldModel& field) {
  return field.message != nullptr && field.presence == Presence::kExplicit;
}

}  // namespace

bool OneofRows::Add(const std::string& oneof, const RowSet& rows) {
  RowSet& present = rows_[oneof];
  const size_t before = present.size();
  present.Add(rows);
  return present.size() == before + rows.size();
}

FieldColumns* MessageColumns::Find(const FieldModel& field) {
  const auto found = fields_.find(field.number);
  return found == fields_.end() ? nullptr : &found->second;
}

FieldColumns& MessageColumns::Add(const FieldModel& field, RowSet rows) {
  FieldColumns& columns = fields_[field.number];
  columns.field = &field;
  columns.rows = std::move(rows);
  return columns;
}

MessageColumns& MessageColumns::AddMessage(const FieldModel& field,
                                           const RowSet& rows) {
  FieldColumns* columns = Find(field);
  if (columns == nullptr) {
    columns = &Add(field, RowSet());
    columns->message =
        std::make_unique<MessageColumns>(*field.message, RowSet());
  }
  columns->message->rows_.Add(rows);
  return *columns->message;
}

bool MessageColumns::Finish(DecodeContext& context) {
  if (!OneofsHold()) return false;
  for (auto& [number, columns] : fields_) {
    if (!FinishField(columns, context)) return false;
  }
  return true;
}

bool MessageColumns::OneofsHold() const {
  OneofRows oneofs;
  for (const auto& [number, columns] : fields_) {
    if (columns.field->oneof.empty()) continue;
    if (!oneofs.Add(columns.field->oneof,
                    columns.message != nullptr
                        ? columns.message->rows_
                        : columns.rows.Select(ContentOf(columns.counts)))) {
      return false;
    }
  }
  return true;
}

bool MessageColumns::FinishField(FieldColumns& columns,
                                 DecodeContext& context) {
  if (columns.message != nullptr && !columns.message->Finish(context)) {
    return false;
  }
  if (IsSingleMessage(*columns.field)) {
    columns.rows = columns.message->rows_;
    columns.counts =
        ValueColumn::OfNumber(ValueKind::kUnsigned, 1, columns.rows.size());
  }
  if (columns.rows == rows_) return true;
  ValueColumn& sparse = columns.field->presence == Presence::kImplicit
                            ? columns.values
                            : columns.counts;
  if (!context.ChargeMemory(rows_.size(), sizeof(uint64_t)).ok() ||
      !sparse.Decode(context).ok()) {
    return false;
  }
  sparse.Spread(rows_.IndicesOf(columns.rows), rows_.size());
  return true;
}

void MessageColumns::Encode(MessageWriter& out) {
  for (auto& [key, columns] : fields_) {
    const uint32_t number = static_cast<uint32_t>(key);
    if (columns.field->presence == Presence::kImplicit) {
      columns.values.Encode(number, out);
      continue;
    }
    const MessageWriter::Nested nested = out.BeginNested(number, kSizeHint);
    columns.counts.Encode(kOccurrencesField, out);
    if (out.IsEmpty(nested)) {
      // It occurs nowhere.
      out.DropNested(nested);
      continue;
    }
    if (columns.message != nullptr) {
      columns.message->EncodeMessage(kOccurringValuesField, out);
    } else {
      columns.values.Encode(kOccurringValuesField, out);
    }
    out.EndNested(nested);
  }
}

void MessageColumns::EncodeMessage(uint32_t field, MessageWriter& out) {
  const MessageWriter::Nested nested = out.BeginNested(field, kSizeHint);
  Encode(out);
  if (out.IsEmpty(nested)) {
    out.DropNested(nested);
  } else {
    out.EndNested(nested);
  }
}

}  // namespace devstate
