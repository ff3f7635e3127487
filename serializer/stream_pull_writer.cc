// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/stream_pull_writer.h"

#include <algorithm>
#include <cstring>

namespace devstate {

absl::Status PullSink::Write(absl::string_view bytes) {
  buffer_.Append(bytes);
  return absl::OkStatus();
}

size_t PullSink::Take(char* buffer, size_t size) {
  size = std::min(size, this->size());
  if (size == 0) return 0;
  std::memcpy(buffer, buffer_.data() + begin_, size);
  begin_ += size;
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  }
  return size;
}

absl::StatusOr<size_t> StreamPullWriter::Pull(char* buffer, size_t size) {
  if (!status_.ok()) return status_;
  size_t have = sink_.Take(buffer, size);
  while (have < size && last_ != Step::kEnd) {
    const absl::StatusOr<Step> step = step_();
    if (!step.ok()) return status_ = step.status();
    last_ = *step;
    have += sink_.Take(buffer + have, size - have);
    if (last_ == Step::kNothingNow) break;
  }
  return have;
}

}  // namespace devstate
