// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/stream_error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace devstate {
namespace {

absl::StatusCode CodeOf(ErrorReason reason) {
  switch (reason) {
    case ERROR_REASON_NO_TRAILER:
    case ERROR_REASON_CHECKSUM:
    case ERROR_REASON_TRAILING_BYTES:
      return absl::StatusCode::kDataLoss;
    case ERROR_REASON_LIMIT:
      return absl::StatusCode::kResourceExhausted;
    case ERROR_REASON_UNKNOWN_CONTENT:
      return absl::StatusCode::kUnimplemented;
    case ERROR_REASON_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

void SetDetail(const ErrorDetail& detail, absl::Status* status) {
  status->SetPayload(kErrorDetailTypeUrl, absl::Cord(Serialize(detail)));
}

}  // namespace

absl::Status StreamError(const ErrorDetail& detail, absl::string_view message) {
  std::string where = absl::StrFormat("offset 0x%x: ", detail.offset);
  if (detail.chunk.has_value())
    absl::StrAppend(&where, "chunk ", *detail.chunk, ": ");
  absl::Status status(CodeOf(detail.reason), absl::StrCat(where, message));
  SetDetail(detail, &status);
  return status;
}

void SetRequiredMissing(absl::Status* error) {
  absl::optional<ErrorDetail> detail = GetErrorDetail(*error);
  if (!detail.has_value()) return;
  detail->required_missing = true;
  SetDetail(*detail, error);
}

absl::Status PiecesError(ErrorDetail detail, absl::string_view fault) {
  detail.reason = ERROR_REASON_CONSTRAINT;
  detail.pieces_not_whole = true;
  return StreamError(
      detail, absl::StrCat(fault,
                           ": correct the writer, which must save each value "
                           "in pieces from its begin to its end"));
}

absl::optional<ErrorDetail> GetErrorDetail(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kErrorDetailTypeUrl);
  ErrorDetail detail;
  if (!payload || !Parse(std::string(*payload), &detail)) {
    return absl::nullopt;
  }
  return detail;
}

}  // namespace devstate
