// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/decode_context.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {
namespace {

// max_batch_memory may be more than there are addresses for what a batch takes,
// which is 4 times as much at most.
constexpr uint64_t kMostMemory = std::numeric_limits<size_t>::max() / 4;

}  // namespace

std::string DecodeContext::PathText(const PathScope* path) {
  if (path == nullptr) return "";
  const std::string parent = PathText(path->parent_);
  return absl::StrCat(parent, parent.empty() ? "" : ".", path->name_);
}

absl::Status DecodeContext::Error(ErrorReason reason,
                                  absl::string_view message) const {
  return chunk_.Error(reason, absl::StrCat(PathText(path_), ": ", message));
}

absl::Status DecodeContext::ChargeMemory(uint64_t count, size_t value_size) {
  const uint64_t left = std::min(memory_left_, kMostMemory);
  if (count > left / value_size) {
    return Error(ERROR_REASON_LIMIT,
                 absl::StrCat(count, " values of ", value_size,
                              " bytes exceed what max_batch_memory leaves, ",
                              left, " bytes"));
  }
  memory_left_ -= count * value_size;
  return absl::OkStatus();
}

}  // namespace devstate
