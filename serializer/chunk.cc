// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/chunk.h"

#include "devstate/serializer/stream_error.h"
#include "devstate/stream.pb.h"

namespace devstate {

absl::Status Chunk::Error(ErrorReason reason, absl::string_view message) const {
  ErrorDetail detail;
  detail.set_reason(reason);
  detail.set_offset(offset);
  detail.set_chunk(header.sequence);
  return StreamError(detail, message);
}

}  // namespace devstate
