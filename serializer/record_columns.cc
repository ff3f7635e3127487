// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One loop over the table's fields serves generated rows and messages. The
// check of a oneof needs several columns at once and works on blocks of rows
// that stay in the cache. Builder and reader share the checks of oneofs and
// bounds, so that one accepts what the other writes.

#include "devstate/serializer/record_columns.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/constraints.h"
#include "devstate/serializer/internal/vectorized.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// What the rows of a column are, in a message whose rows are `rows`.
RowKind RowsOf(const FieldEntry& field, BoundsEntry::Column column,
               RowKind rows) {
  return field.cardinality() == Cardinality::kOne ||
                 column == BoundsEntry::Column::kCounts
             ? rows
             : RowKind::kOccurrence;
}

// Rows that are looked at together: few enough to stay in the cache.
constexpr size_t kBlock = 1024;

// Adds `occurs`, each 0 or 1, to `any`. Returns whether both had a 1 somewhere.
DEVSTATE_VECTORIZED bool AddOccurrences(const uint8_t* occurs, size_t count,
                                        uint8_t* any) {
  uint8_t both = 0;
  for (size_t i = 0; i < count; ++i) {
    both |= static_cast<uint8_t>(any[i] & occurs[i]);
    any[i] |= occurs[i];
  }
  return both != 0;
}

// Returns whether several of `members`, which are the counts of optional
// fields, occur in one of `count` rows.
bool AnyRowHasSeveral(const std::vector<NumbersView>& members, size_t count) {
  uint8_t any[kBlock];
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t end = std::min(count, begin + kBlock);
    std::fill(any, any + (end - begin), uint8_t{0});
    for (const NumbersView& counts : members) {
      // Rows after the last one do not have the field.
      const size_t stored = std::min(end, counts.size);
      if (stored > begin &&
          AddOccurrences(static_cast<const uint8_t*>(counts.bits) + begin,
                         stored - begin, any)) {
        return true;
      }
    }
  }
  return false;
}

// The same of the members of `oneof`; `counts_of` has their counts.
template <typename CountsOf>
bool AnyRowHasSeveral(const OneofEntry& oneof, size_t count,
                      CountsOf counts_of) {
  std::vector<NumbersView> members;
  bool in_all_rows = false;
  for (const uint16_t member : oneof.members) {
    const NumbersView counts = counts_of(member);
    if (!counts.constant) {
      if (counts.size != 0) members.push_back(counts);
      continue;
    }
    if (counts.size == 0 || *static_cast<const uint8_t*>(counts.bits) == 0) {
      continue;
    }
    if (in_all_rows) return true;
    in_all_rows = true;
  }
  if (!in_all_rows) {
    return members.size() > 1 && AnyRowHasSeveral(members, count);
  }
  return std::any_of(
      members.begin(), members.end(), [](const NumbersView& counts) {
        const auto* bits = static_cast<const uint8_t*>(counts.bits);
        return std::find(bits, bits + counts.size, 1) != bits + counts.size;
      });
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
  if (absl::Status status = column.Validate(field, rows); !status.ok()) {
    return field.is_message() ? InMessage(field.name, std::move(status))
                              : InField(field.name, std::move(status));
  }
  if (!field.enum_values.empty()) {
    using Column = BoundsEntry::Column;
    DS_RETURN_IF_ERROR(
        InField(field.name,
                ValidateEnum(column.Stored(Column::kNumbers), field.enum_values,
                             RowsOf(field, Column::kNumbers, rows))));
  }
  for (const BoundsEntry& bounds : field.bounds) {
    const NumbersView numbers = column.Stored(bounds.column);
    // Occurrences end with the last row that has one.
    const size_t count =
        bounds.column == BoundsEntry::Column::kCounts ? size_ : numbers.size;
    DS_RETURN_IF_ERROR(
        ViolationError(FindViolation(numbers, count, bounds,
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

absl::Status RecordColumnsBuilder::ValidateKeys(
    absl::Span<const uint16_t> key) const {
  for (const uint16_t i : key) {
    DS_RETURN_IF_ERROR(
        ValidateField(table_.fields[i], *columns_[i], RowKind::kRecord));
  }
  return absl::OkStatus();
}

void RecordColumnsBuilder::EncodeKeys(absl::Span<const uint16_t> key,
                                      MessageWriter& out) {
  for (const uint16_t i : key) {
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
      DS_RETURN_IF_ERROR(
          CheckEnum(columns_[i]->Stored(BoundsEntry::Column::kNumbers, count),
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
    DS_RETURN_IF_ERROR(CheckBounds(i, count, context));
  }
  return absl::OkStatus();
}

absl::Status RecordColumnsReader::CheckBounds(size_t i, size_t count,
                                              DecodeContext& context) const {
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
  return absl::OkStatus();
}

absl::Status RecordColumnsReader::DecodeKeys(absl::string_view columns,
                                             size_t count,
                                             absl::Span<const uint16_t> key,
                                             DecodeContext& context) {
  MessageReader parts(columns);
  MessageReader::Field part;
  // What is no message is for DecodeColumns() to refuse.
  while (parts.Next(&part)) {
    const auto is_part = [&](uint16_t i) {
      return table_.fields[i].number == part.number;
    };
    if (std::none_of(key.begin(), key.end(), is_part)) {
      return context.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("a deletion has column ", part.number,
                       ", which is not of the record's key"));
    }
  }
  SetDefault();
  DS_RETURN_IF_ERROR(DecodeColumns(columns, count, context));
  for (const uint16_t i : key) {
    DS_RETURN_IF_ERROR(CheckBounds(i, count, context));
  }
  return absl::OkStatus();
}

std::vector<std::string> RecordColumnsReader::Keys(
    absl::Span<const uint16_t> key, size_t count) const {
  std::vector<std::string> keys(count);
  for (const uint16_t i : key) {
    columns_[i]->AppendKeys(absl::MakeSpan(keys));
  }
  return keys;
}

absl::Status DecodeRecords(const Chunk& chunk, absl::string_view field_name,
                           size_t record_size, absl::Span<const uint16_t> key,
                           const Limits& limits, uint32_t schema_version,
                           RecordColumnsReader& columns) {
  DecodeContext context(chunk, limits, schema_version);
  DecodeContext::PathScope scope(context, field_name);
  const size_t count = chunk.header.records;
  DS_RETURN_IF_ERROR(context.ChargeMemory(count, record_size));
  return chunk.header.type == ChunkType::kDeletions
             ? columns.DecodeKeys(chunk.payload, count, key, context)
             : columns.Decode(chunk.payload, count, context);
}

}  // namespace devstate
