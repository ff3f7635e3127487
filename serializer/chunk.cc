// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/chunk.h"

#include "devstate/serializer/stream_error.h"

namespace devstate {

absl::Status Chunk::Error(ErrorReason reason, absl::string_view message) const {
  return StreamError({reason, offset, header.sequence}, message);
}

}  // namespace devstate
