// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/occurrences.h"

#include <type_traits>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

template <typename Count>
absl::Status OccurrencesBuilder<Count>::Validate(const FieldEntry& field,
                                                 RowKind rows) const {
  // Values are not rows of what the field occurs in.
  DS_RETURN_IF_ERROR(values_.Validate(field, RowKind::kOccurrence));
  if constexpr (std::is_same_v<Count, uint32_t>) {
    if (field.presence == Presence::kMap) {
      const size_t row = values_.FirstRowWithKeyTwice(counts_.stored());
      if (row != counts_.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat(RowText(rows, row), " has a key of the map twice"));
      }
    }
  }
  return absl::OkStatus();
}

template <typename Count>
void OccurrencesBuilder<Count>::EncodeAs(const FieldEntry& field,
                                         uint32_t number, size_t rows,
                                         MessageWriter& out) {
  if (counts_.size() == 0) return;
  counts_.PadWithZeros(rows);
  const MessageWriter::Nested nested = out.BeginNested(number, rows);
  counts_.Encode(kOccurrencesField, out);
  values_.EncodeAs(field, kOccurringValuesField, rows, out);
  out.EndNested(nested);
}

template <typename Count>
NumbersView OccurrencesBuilder<Count>::Stored(
    BoundsEntry::Column column) const {
  return column == BoundsEntry::Column::kCounts
             ? counts_.Stored(BoundsEntry::Column::kNumbers)
             : values_.Stored(column);
}

template <typename Count>
absl::Status OccurrencesReader<Count>::DecodeAs(const FieldEntry& field,
                                                absl::string_view columns,
                                                size_t count,
                                                DecodeContext& context) {
  FieldTable<kOccurringValuesField> fields;
  DS_RETURN_IF_ERROR(fields.Parse(columns, /*varints=*/0, context));
  if (!fields.has(kOccurrencesField)) {
    return context.Error(ERROR_REASON_MALFORMED,
                         "columns of a field that never occurs");
  }
  DS_RETURN_IF_ERROR(
      counts_.Decode(fields.bytes(kOccurrencesField), count, context));
  // Before anything is decoded that is as long: a few bytes can say that there
  // are 2^48 values, and products of such counts wrap around.
  total_ = counts_.Sum(count);
  // A field that occurs once at most is counted by the size of the row.
  if (field.value_size != 0) {
    DS_RETURN_IF_ERROR(context.ChargeMemory(total_, field.value_size));
  }
  if (fields.has(kOccurringValuesField)) {
    DS_RETURN_IF_ERROR(values_.DecodeAs(
        field, fields.bytes(kOccurringValuesField), total_, context));
  } else if (field.is_message()) {
    // Defaults, too, can break what a schema asks of a message.
    DS_RETURN_IF_ERROR(values_.DecodeAs(field, "", total_, context));
  } else {
    values_.SetDefault();
  }
  if constexpr (std::is_same_v<Count, uint32_t>) {
    if (field.presence == Presence::kMap) {
      const size_t row = values_.FirstRowWithKeyTwice(counts_.Values(count));
      if (row != count) {
        return context.Error(ERROR_REASON_MALFORMED,
                             absl::StrCat("row ", row,
                                          " has a key of the map twice: "
                                          "correct the writer"));
      }
    }
  }
  return absl::OkStatus();
}

template <typename Count>
NumbersView OccurrencesReader<Count>::Stored(BoundsEntry::Column column,
                                             size_t count) const {
  return column == BoundsEntry::Column::kCounts
             ? counts_.Stored(BoundsEntry::Column::kNumbers, count)
             : values_.Stored(column, total_);
}

template class OccurrencesBuilder<bool>;
template class OccurrencesBuilder<uint32_t>;
template class OccurrencesReader<bool>;
template class OccurrencesReader<uint32_t>;

}  // namespace devstate
