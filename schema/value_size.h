// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The bytes that values count for (docs/stream_format.md, "Sizes").

#ifndef DEVSTATE_SCHEMA_VALUE_SIZE_H_
#define DEVSTATE_SCHEMA_VALUE_SIZE_H_

#include <cstddef>

namespace devstate {

// The size of any number, bool or enum.
inline constexpr size_t kNumberSize = 8;
// The size of a string or bytes, without the bytes themselves.
inline constexpr size_t kBytesSize = 16;

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_VALUE_SIZE_H_
