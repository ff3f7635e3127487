// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_VALUE_KIND_H_
#define DEVSTATE_SCHEMA_VALUE_KIND_H_

#include <cstdint>

namespace devstate {

// What the values of a field are. ColumnKind of proto/devstate/columns.proto,
// number by number, for code without Protocol Buffers.
enum class ValueKind : uint8_t {
  // A message: it has no column of its own.
  kUnspecified = 0,
  kUnsigned = 1,
  kSigned = 2,
  kFloat = 3,
  kDouble = 4,
  kBytes = 5,
  kText = 6,
};
inline constexpr int kValueKinds = 7;

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_VALUE_KIND_H_
