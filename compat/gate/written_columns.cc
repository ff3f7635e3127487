// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/written_columns.h"

#include <limits>

#include "devstate/compat/places.h"
#include "devstate/serializer/internal/varint.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/occurrences.h"

namespace devstate {
namespace {

// Decodes the counts and adds them up.
bool ReadCounts(const FieldModel& field, DecodeContext& context,
                WrittenColumns* written) {
  const uint64_t most =
      HasSeveral(field) ? std::numeric_limits<uint32_t>::max() : 1;
  if (!written->counts.Decode(context).ok()) return false;
  uint64_t total = 0;
  if (written->counts.constant()) {
    const uint64_t count = written->counts.NumberAt(0);
    if (count > most) return false;
    total = count * written->rows;
  } else {
    for (size_t i = 0; i < written->rows; ++i) {
      const uint64_t count = written->counts.NumberAt(i);
      if (count > most) return false;
      total += count;
    }
  }
  written->total = total;
  // Sets of rows have 32 bits for each. Elements, unlike the rows that they are
  // in, can be many more than the bytes of the batch.
  return total <= std::numeric_limits<uint32_t>::max() &&
         context.ChargeMemory(total, HasSeveral(field) ? sizeof(uint64_t) : 1)
             .ok();
}

}  // namespace

bool SplitColumns(absl::string_view message, const MessageModel& model,
                  std::vector<absl::string_view>* columns) {
  columns->assign(model.fields.size(), absl::string_view());
  MessageReader reader(message);
  MessageReader::Field column;
  size_t i = 0;
  while (reader.Next(&column)) {
    while (i < model.fields.size() &&
           static_cast<uint32_t>(model.fields[i].number) < column.number) {
      ++i;
    }
    // Unknown ones and those out of order are here, too.
    if (i == model.fields.size() ||
        static_cast<uint32_t>(model.fields[i].number) != column.number ||
        column.wire_type != kWireLength || column.bytes.empty()) {
      return false;
    }
    (*columns)[i++] = column.bytes;
  }
  return reader.ok();
}

bool ReadColumns(const FieldModel& field, absl::string_view column, size_t rows,
                 DecodeContext& context, WrittenColumns* written) {
  written->field = &field;
  written->rows = rows;
  if (written->once()) {
    written->total = rows;
    written->values = ValueColumn(field.column_kind, column, rows);
    return true;
  }
  if (column.empty()) {
    written->counts = ValueColumn::OfNumber(ValueKind::kUnsigned, 0, rows);
    if (field.message == nullptr) {
      written->values = ValueColumn(field.column_kind, "", 0);
    }
    return true;
  }
  FieldTable<kOccurringValuesField> parts;
  if (!parts.Parse(column, /*varints=*/0, context).ok() ||
      !parts.has(kOccurrencesField) || parts.bytes(kOccurrencesField).empty()) {
    return false;
  }
  written->counts =
      ValueColumn(ValueKind::kUnsigned, parts.bytes(kOccurrencesField), rows);
  absl::string_view values;
  if (parts.has(kOccurringValuesField)) {
    values = parts.bytes(kOccurringValuesField);
    if (values.empty() && field.message == nullptr) return false;
  }
  if (!ReadCounts(field, context, written)) return false;
  // Values that do not occur are for a reader to complain about.
  if (written->total == 0 && !values.empty()) return false;
  if (field.message != nullptr) {
    written->message = values;
  } else {
    written->values = ValueColumn(field.column_kind, values, written->total);
  }
  return true;
}

bool WrittenColumns::FindContent(DecodeContext& context,
                                 std::vector<uint8_t>* content) {
  ValueColumn& column = once() ? values : counts;
  if (!column.Decode(context).ok()) return false;
  *content = ContentOf(column);
  return true;
}

bool WrittenColumns::SpreadValues(DecodeContext& context) {
  if (!values.Decode(context).ok()) return false;
  if (once() || total == rows) return true;
  if (!context.ChargeMemory(rows, sizeof(uint64_t)).ok()) return false;
  std::vector<uint32_t> indices;
  for (size_t i = 0; i < rows; ++i) {
    if (counts.NumberAt(i) != 0) indices.push_back(static_cast<uint32_t>(i));
  }
  values.Spread(indices, rows);
  return true;
}

}  // namespace devstate
