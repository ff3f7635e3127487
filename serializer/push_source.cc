// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/push_source.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/cord.h"

namespace devstate {
namespace {

constexpr absl::string_view kTypeUrl = "devstate.NeedsMoreBytes";

// To what does not know it, the peer has nothing for us.
absl::Status MakeStatus() {
  absl::Status status =
      absl::UnavailableError("the source has no more bytes now");
  status.SetPayload(kTypeUrl, absl::Cord());
  return status;
}

}  // namespace

bool NeedsMoreBytes(const absl::Status& status) {
  return absl::IsUnavailable(status) && status.GetPayload(kTypeUrl).has_value();
}

absl::StatusOr<size_t> PushSource::Read(char* buffer, size_t size) {
  if (piece_.empty()) {
    if (ended_) return 0;
    // Made once: a piece of one byte ends so, too.
    static const absl::Status& status = *new absl::Status(MakeStatus());
    return status;
  }
  size = std::min(size, piece_.size());
  std::memcpy(buffer, piece_.data(), size);
  piece_.remove_prefix(size);
  return size;
}

}  // namespace devstate
