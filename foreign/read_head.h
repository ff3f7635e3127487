// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_READ_HEAD_H_
#define DEVSTATE_FOREIGN_READ_HEAD_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// Returns the bytes at the start of `source`: `size` of them, or fewer where it
// ends.
absl::StatusOr<std::string> ReadHead(ByteSource& source, size_t size);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_READ_HEAD_H_
