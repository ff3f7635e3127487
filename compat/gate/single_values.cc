// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/single_values.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "devstate/compat/gate/field_values.h"
#include "devstate/compat/gate/number_conversion.h"
#include "devstate/compat/gate/written_columns.h"
#include "devstate/schema/value_set.h"
#include "devstate/schema/value_size.h"
#include "devstate/serializer/utf8.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"

namespace devstate {
namespace {

using ::google::protobuf::Message;

// Sets `*bits` to what travels for the absent_default of `field`.
bool ParseDefault(const FieldModel& field, uint64_t* bits) {
  google::protobuf::DynamicMessageFactory factory;
  std::unique_ptr<Message> message(
      factory.GetPrototype(field.descriptor->containing_type())->New());
  google::protobuf::TextFormat::Parser parser;
  return parser.ParseFieldValueFromString(field.annotations.absent_default(),
                                          field.descriptor, message.get()) &&
         NumberType(field).FromNumber(GetNumber(*message, *field.descriptor, 0),
                                      bits);
}

}  // namespace

bool IsSingle(const FieldModel& field) {
  return (field.presence == Presence::kImplicit ||
          field.presence == Presence::kExplicit) &&
         field.oneof.empty();
}

bool TakeSingle(const FieldModel& field, const RowSet& rows,
                MessageColumns* read, DecodeContext& context,
                SingleValues* taken) {
  FieldColumns* columns = read->Find(field);
  if (columns == nullptr) {
    taken->present.assign(rows.size(), 0);
    taken->values = ValueColumn(field.column_kind, "", rows.size());
    return taken->values.Decode(context).ok();
  }
  if (columns->rows != rows) return false;
  WrittenColumns written;
  written.field = &field;
  written.rows = rows.size();
  written.total = columns->values.size();
  written.counts = std::move(columns->counts);
  written.values = std::move(columns->values);
  read->Remove(field);
  if (!written.FindContent(context, &taken->present) ||
      !written.SpreadValues(context)) {
    return false;
  }
  taken->values = std::move(written.values);
  return true;
}

void PutSingle(const FieldModel& field, const RowSet& rows, SingleValues values,
               MessageColumns* read) {
  if (field.presence == Presence::kImplicit) {
    read->Add(field, rows).values = std::move(values.values);
    return;
  }
  FieldColumns& columns = read->Add(field, rows.Select(values.present));
  columns.values = std::move(values.values);
  columns.values.Select(values.present);
  columns.counts =
      ValueColumn::OfNumber(ValueKind::kUnsigned, 1, columns.values.size());
}

void FillSingle(const std::vector<uint8_t>& rows, ValueColumn filling,
                SingleValues* values) {
  if (std::find(rows.begin(), rows.end(), 0) == rows.end()) {
    values->values = std::move(filling);
  } else {
    values->values.Replace(rows, filling);
  }
  for (size_t i = 0; i < rows.size(); ++i) values->present[i] |= rows[i];
}

bool MakeDefault(const FieldModel& field, size_t rows, DecodeContext& context,
                 ValueColumn* filling) {
  const std::string& text = field.annotations.absent_default();
  // Texts are there once for each row when they are written.
  if (!context
           .ChargeMemory(rows, kBytesSize + (IsNumber(field) ? 0 : text.size()))
           .ok()) {
    return false;
  }
  if (IsNumber(field)) {
    uint64_t bits = 0;
    if (!ParseDefault(field, &bits)) return false;
    *filling = ValueColumn::OfNumber(field.column_kind, bits, rows);
    return true;
  }
  *filling = ValueColumn::OfText(field.column_kind, text, rows);
  return IsValidUtf8(text);
}

}  // namespace devstate
