// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// How many bytes a row takes in a batch beside its own numbers, so that a batch
// ends before it grows too large. Generated code adds an overload for each row.

#ifndef DEVSTATE_SERIALIZER_ROW_SIZE_H_
#define DEVSTATE_SERIALIZER_ROW_SIZE_H_

#include <cstddef>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace devstate {

inline size_t VariableSize(absl::string_view value) { return value.size(); }

template <typename Value>
size_t VariableSizeOf(absl::Span<const Value> values) {
  size_t size = values.size() * sizeof(Value);
  // Found by the argument's namespace, or above for strings.
  if constexpr (!std::is_arithmetic_v<Value> && !std::is_enum_v<Value>) {
    for (const Value& value : values) size += VariableSize(value);
  }
  return size;
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ROW_SIZE_H_
