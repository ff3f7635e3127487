// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_STREAM_ERROR_H_
#define DEVSTATE_SERIALIZER_STREAM_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

inline constexpr absl::string_view kErrorDetailTypeUrl =
    "type.googleapis.com/devstate.ErrorDetail";

// Makes a status whose code follows from `detail.reason` and that carries
// `detail` as a payload. Its message is "offset 0x1a4: chunk 7: " and
// `message`.
absl::Status StreamError(const ErrorDetail& detail, absl::string_view message);

// Adds to `error`, which StreamError() has made of CONSTRAINT, that a required
// field has no value.
void SetRequiredMissing(absl::Status* error);

// Returns the error of a value in pieces that is not whole, at the place of
// `detail`: CONSTRAINT.
absl::Status PiecesError(ErrorDetail detail, absl::string_view fault);

// Returns the detail of a status that StreamError() has made, if there is one.
absl::optional<ErrorDetail> GetErrorDetail(const absl::Status& status);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STREAM_ERROR_H_
