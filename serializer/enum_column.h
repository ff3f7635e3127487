// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_ENUM_COLUMN_H_
#define DEVSTATE_SERIALIZER_ENUM_COLUMN_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/row_kind.h"

namespace devstate {

// Columns of a protobuf enum. Enums are closed: a value that the schema does
// not name is an error.
template <bool (*kIsValid)(int)>
class EnumColumnBuilder : public NumberColumnBuilder<int32_t> {
 public:
  // INVALID_ARGUMENT if a value has no name; names the row.
  absl::Status Validate(RowKind rows) const {
    const auto bits = stored();
    for (size_t i = 0; i < bits.size(); ++i) {
      // Values often stand in runs.
      if (i != 0 && bits[i] == bits[i - 1]) continue;
      const int32_t value = Traits::FromBits(bits[i]);
      if (!kIsValid(value)) {
        return absl::InvalidArgumentError(
            absl::StrCat(RowText(rows, i), " has ", value,
                         ", allowed are the values that the enum names"));
      }
    }
    return absl::OkStatus();
  }
};

// The error for a value of a protobuf enum that the schema does not name: enums
// are closed.
inline absl::Status UnnamedEnumValue(const DecodeContext& context) {
  return context.Error(ERROR_REASON_UNKNOWN_CONTENT,
                       "an enum has a value that the schema does not name: "
                       "update the reader");
}

template <bool (*kIsValid)(int)>
class EnumColumnReader : public NumberColumnReader<int32_t> {
 public:
  absl::Status Decode(absl::string_view column, size_t count,
                      DecodeContext& context) {
    absl::Status status =
        NumberColumnReader<int32_t>::Decode(column, count, context);
    if (status.ok() && !AllOf(count, kIsValid)) {
      status = UnnamedEnumValue(context);
    }
    return status;
  }
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ENUM_COLUMN_H_
