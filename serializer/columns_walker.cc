// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/columns_walker.h"

#include "absl/strings/str_cat.h"
#include "devstate/serializer/internal/varint.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

absl::StatusOr<bool> ColumnsWalker::Next() {
  const uint32_t previous = field_.number;
  if (!reader_.Next(&field_)) {
    if (reader_.ok()) return false;
    return context_.Error(ERROR_REASON_MALFORMED,
                          "columns are not a well-formed message");
  }
  if (field_.number <= previous) {
    return context_.Error(ERROR_REASON_MALFORMED,
                          absl::StrCat("column ", field_.number,
                                       " comes after column ", previous));
  }
  if (field_.wire_type != kWireLength) {
    return context_.Error(ERROR_REASON_MALFORMED,
                          absl::StrCat("column ", field_.number,
                                       " has wire type ", field_.wire_type));
  }
  return true;
}

absl::Status ColumnsWalker::UnknownColumn() const {
  return context_.Error(
      ERROR_REASON_UNKNOWN_CONTENT,
      absl::StrCat("the records have a field ", field_.number,
                   " that this reader's schema does not know: update the "
                   "reader, or save for its schema version"));
}

absl::Status InField(absl::string_view field, absl::Status status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(field, ": ", status.message()));
}

absl::Status InMessage(absl::string_view field, absl::Status status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(field, ".", status.message()));
}

}  // namespace devstate
