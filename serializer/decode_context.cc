// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/decode_context.h"

#include "absl/strings/str_cat.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

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
  if (count > memory_left_ / value_size) {
    return Error(ERROR_REASON_LIMIT,
                 absl::StrCat(count, " values of ", value_size,
                              " bytes exceed what max_batch_memory leaves, ",
                              memory_left_, " bytes"));
  }
  memory_left_ -= count * value_size;
  return absl::OkStatus();
}

}  // namespace devstate
