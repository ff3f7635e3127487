// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_ROW_KIND_H_
#define DEVSTATE_SERIALIZER_ROW_KIND_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"

namespace devstate {

// What a column has one value for, in error messages.
enum class RowKind {
  // A record of the batch.
  kRecord,
  // Each time that the field, or the message that it is a field of, occurs in
  // the records of the batch.
  kOccurrence,
};

// "record 17 of the batch", "occurrence 17 in the batch"; counted from 0.
inline std::string RowText(RowKind kind, size_t index) {
  return kind == RowKind::kRecord
             ? absl::StrCat("record ", index, " of the batch")
             : absl::StrCat("occurrence ", index, " in the batch");
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ROW_KIND_H_
