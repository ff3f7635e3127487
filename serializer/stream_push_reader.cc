// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/stream_push_reader.h"

namespace devstate {

absl::Status StreamPushReader::Push(absl::string_view piece) {
  if (finished_) {
    return absl::FailedPreconditionError("a piece after the end of the stream");
  }
  if (!status_.ok() || piece.empty()) return status_;
  source_.Give(piece);
  const absl::Status status = read_();
  source_.Drop();
  if (status.ok()) {
    return status_ = absl::FailedPreconditionError(
               "the reader ended before the end of the stream");
  }
  if (!NeedsMoreBytes(status)) status_ = status;
  return status_;
}

absl::Status StreamPushReader::Finish() {
  if (finished_ || !status_.ok()) return status_;
  finished_ = true;
  source_.End();
  return status_ = read_();
}

}  // namespace devstate
