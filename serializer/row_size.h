// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_ROW_SIZE_H_
#define DEVSTATE_SERIALIZER_ROW_SIZE_H_

#include <cstddef>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace devstate {

// Returns what a value counts for beside its fixed size, in bytes: the strings
// and the elements of repeated fields in it (docs/stream_format.md, "Sizes").
// Generated code adds an overload for each row.
inline size_t VariableSize(absl::string_view value) { return value.size(); }

// Returns what the elements of a repeated field count for. `value_size` is the
// fixed size of one, which the generator knows from the schema.
template <typename Value>
size_t VariableSizeOf(absl::Span<const Value> values, size_t value_size) {
  size_t size = values.size() * value_size;
  // Found by the argument's namespace, or above for strings.
  if constexpr (!std::is_arithmetic_v<Value> && !std::is_enum_v<Value>) {
    for (const Value& value : values) size += VariableSize(value);
  }
  return size;
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ROW_SIZE_H_
