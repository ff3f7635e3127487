// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/record_columns.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/constraints.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using Cardinality = FieldEntry::Cardinality;

// What the rows of a column are, in a message whose rows are `rows`.
RowKind RowsOf(const FieldEntry& field, BoundsEntry::Column column,
               RowKind rows) {
  return field.cardinality == Cardinality::kOne ||
                 column == BoundsEntry::Column::kCounts
             ? rows
             : RowKind::kOccurrence;
}

uint8_t OccursAt(const NumbersView& counts, size_t row) {
  const auto* bits = static_cast<const uint8_t*>(counts.bits);
  if (counts.constant) return bits[0];
  return row < counts.size ? bits[row] : 0;
}

// Whether in some of `count` rows several members of `oneof` occur. Members are
// optional: their counts are bools.
template <typename CountsOf>
bool AnyRowHasSeveral(const OneofEntry& oneof, size_t count,
                      CountsOf counts_of) {
  std::vector<NumbersView> members;
  for (const uint16_t member : oneof.members) {
    const NumbersView counts = counts_of(member);
    const bool absent =
        counts.size == 0 || (counts.constant && OccursAt(counts, 0) == 0);
    if (!absent) members.push_back(counts);
  }
  if (members.size() < 2) return false;
  for (size_t row = 0; row < count; ++row) {
    uint32_t occurring = 0;
    for (const NumbersView& counts : members) occurring += OccursAt(counts, row);
    if (occurring > 1) return true;
  }
  return false;
}

}  // namespace

absl::Status RecordColumnsBuilder::Validate(RowKind rows) const {
  for (const OneofEntry& oneof : table_.oneofs) {
    if (AnyRowHasSeveral(oneof, size_, [this](size_t member) {
          return columns_[member]->Stored(BoundsEntry::Column::kCounts);
        })) {
      return absl::InvalidArgumentError(absl::StrCat(
          oneof.name, ": set one of ", oneof.member_names, " at most"));
    }
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    DS_RETURN_IF_ERROR(ValidateField(table_.fields[i], *columns_[i], rows));
  }
  return absl::OkStatus();
}

absl::Status RecordColumnsBuilder::ValidateField(const FieldEntry& field,
                                                 const ColumnBuilder& column,
                                                 RowKind rows) const {
  absl::Status status = column.Validate(field, rows);
  if (field.is_message()) {
    DS_RETURN_IF_ERROR(InMessage(field.name, std::move(status)));
  } else {
    DS_RETURN_IF_ERROR(InField(field.name, std::move(status)));
  }
  if (!field.enum_values.empty()) {
    using Column = BoundsEntry::Column;
    DS_RETURN_IF_ERROR(InField(
        field.name,
        ValidateEnum(column.Stored(Column::kNumbers), field.enum_values,
                     RowsOf(field, Column::kNumbers, rows))));
  }
  for (const BoundsEntry& bounds : field.bounds) {
    // Occurrences end with the last row that has one.
    const size_t count = bounds.column == BoundsEntry::Column::kCounts
                             ? size_
                             : column.Stored(bounds.column).size;
    DS_RETURN_IF_ERROR(ViolationError(
        FindViolation(column.Stored(bounds.column), count, bounds,
                      RowsOf(field, bounds.column, rows)),
        field.name));
  }
  return absl::OkStatus();
}

void RecordColumnsBuilder::EncodeAs(const FieldEntry&, uint32_t number, size_t,
                                    MessageWriter& out) {
  const MessageWriter::Nested nested = out.BeginNested(number, size_);
  EncodeBody(out);
  if (out.IsEmpty(nested)) {
    out.DropNested(nested);
  } else {
    out.EndNested(nested);
  }
}

void RecordColumnsBuilder::EncodeBody(MessageWriter& out) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const FieldEntry& field = table_.fields[i];
    columns_[i]->EncodeAs(field, field.number, size_, out);
  }
}

void RecordColumnsBuilder::Clear() {
  for (ColumnBuilder* column : columns_) column->Clear();
  size_ = 0;
}

void RecordColumnsReader::SetDefault() {
  for (ColumnReader* column : columns_) column->SetDefault();
}

absl::Status RecordColumnsReader::DecodeColumns(absl::string_view columns,
                                                size_t count,
                                                DecodeContext& context) {
  ColumnsWalker walker(columns, context);
  size_t i = 0;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool more, walker.Next());
    if (!more) return absl::OkStatus();
    while (i < columns_.size() && table_.fields[i].number < walker.number()) {
      ++i;
    }
    if (i == columns_.size() || table_.fields[i].number != walker.number()) {
      return walker.UnknownColumn();
    }
    const FieldEntry& field = table_.fields[i];
    DecodeContext::PathScope scope(context, field.name);
    DS_RETURN_IF_ERROR(
        columns_[i]->DecodeAs(field, walker.bytes(), count, context));
    if (!field.enum_values.empty()) {
      DS_RETURN_IF_ERROR(CheckEnum(
          columns_[i]->Stored(BoundsEntry::Column::kNumbers, count),
          field.enum_values, context));
    }
  }
}

absl::Status RecordColumnsReader::Decode(absl::string_view columns,
                                         size_t count, DecodeContext& context) {
  SetDefault();
  DS_RETURN_IF_ERROR(DecodeColumns(columns, count, context));
  for (const OneofEntry& oneof : table_.oneofs) {
    if (AnyRowHasSeveral(oneof, count, [&](size_t member) {
          return columns_[member]->Stored(BoundsEntry::Column::kCounts, count);
        })) {
      return context.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("a row has several members of the oneof ", oneof.name));
    }
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    const FieldEntry& field = table_.fields[i];
    for (const BoundsEntry& bounds : field.bounds) {
      if (context.schema_version() < bounds.since) continue;
      const NumbersView view = columns_[i]->Stored(bounds.column, count);
      DecodeContext::PathScope scope(context, field.name);
      DS_RETURN_IF_ERROR(ViolationError(
          FindViolation(view, view.size, bounds,
                        RowsOf(field, bounds.column, context.row_kind())),
          context));
    }
  }
  return absl::OkStatus();
}

}  // namespace devstate
