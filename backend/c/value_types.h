// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The types of values in generated structs, for templates.

#ifndef DEVSTATE_BACKEND_C_VALUE_TYPES_H_
#define DEVSTATE_BACKEND_C_VALUE_TYPES_H_

#include <cstdint>

#include "devstate/devstate.h"

namespace devstate::c {

// Stands for the struct of a message.
struct MessageValue {};

template <typename T>
struct ValueTypeIs {
  using Type = T;
};

// Calls `visitor` with ValueTypeIs<T>(), T being what a value of `field` is.
template <typename Visitor>
auto VisitValueType(const devstate_field& field, const Visitor& visitor) {
  switch (field.type) {
    case DEVSTATE_TYPE_BOOL:
      return visitor(ValueTypeIs<bool>());
    case DEVSTATE_TYPE_INT32:
    case DEVSTATE_TYPE_ENUM:
      return visitor(ValueTypeIs<int32_t>());
    case DEVSTATE_TYPE_INT64:
      return visitor(ValueTypeIs<int64_t>());
    case DEVSTATE_TYPE_UINT32:
      return visitor(ValueTypeIs<uint32_t>());
    case DEVSTATE_TYPE_UINT64:
      return visitor(ValueTypeIs<uint64_t>());
    case DEVSTATE_TYPE_FLOAT:
      return visitor(ValueTypeIs<float>());
    case DEVSTATE_TYPE_DOUBLE:
      return visitor(ValueTypeIs<double>());
    case DEVSTATE_TYPE_STRING:
    case DEVSTATE_TYPE_BYTES:
      return visitor(ValueTypeIs<devstate_bytes>());
    default:
      return visitor(ValueTypeIs<MessageValue>());
  }
}

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_VALUE_TYPES_H_
