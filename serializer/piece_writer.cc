// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/piece_writer.h"

#include <algorithm>

#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::Status PieceWriter::Append(absl::string_view span) {
  DS_RETURN_IF_ERROR(status_);
  if (!rest_.empty()) {
    const size_t taken = std::min(span.size(), piece_bytes_ - rest_.size());
    rest_.append(span.data(), taken);
    span.remove_prefix(taken);
    if (rest_.size() < piece_bytes_) return absl::OkStatus();
    DS_RETURN_IF_ERROR(Write(rest_));
    rest_.clear();
  }
  const size_t whole = span.size() / piece_bytes_ * piece_bytes_;
  if (whole > 0) {
    set_lasting_(true);
    WriteWhole(span.substr(0, whole)).IgnoreError();
    set_lasting_(false);
    span.remove_prefix(whole);
  }
  rest_.append(span.data(), span.size());
  return status_;
}

absl::Status PieceWriter::WriteWhole(absl::string_view span) {
  for (; !span.empty(); span.remove_prefix(piece_bytes_)) {
    DS_RETURN_IF_ERROR(Write(span.substr(0, piece_bytes_)));
  }
  return absl::OkStatus();
}

absl::Status PieceWriter::Finish() {
  DS_RETURN_IF_ERROR(status_);
  if (!rest_.empty()) DS_RETURN_IF_ERROR(Write(rest_));
  rest_.clear();
  status_ = absl::FailedPreconditionError("the value is finished already");
  return absl::OkStatus();
}

absl::Status PieceWriter::Write(absl::string_view piece) {
  status_ = add_(offset_, piece);
  offset_ += piece.size();
  return status_;
}

}  // namespace devstate
