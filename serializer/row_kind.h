// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_ROW_KIND_H_
#define DEVSTATE_SERIALIZER_ROW_KIND_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"

namespace devstate {

// The thing that a column has one value for, in error messages.
enum class RowKind {
  // A record of the batch.
  kRecord,
  // An occurrence in the records of the batch, of the field or of the message
  // that has the field.
  kOccurrence,
};

// Returns "record 17 of the batch" or "occurrence 17 in the batch", counted
// from 0.
inline std::string RowText(RowKind kind, size_t index) {
  return kind == RowKind::kRecord
             ? absl::StrCat("record ", index, " of the batch")
             : absl::StrCat("occurrence ", index, " in the batch");
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ROW_KIND_H_
