// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The types of values in generated structs, for templates.

#ifndef DEVSTATE_BACKEND_C_VALUE_TYPES_H_
#define DEVSTATE_BACKEND_C_VALUE_TYPES_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "devstate/backend/c/struct_table.h"
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

// Makes the `Field` of `field` in a struct, by the type of its values and how
// often it occurs. `optional_only` is what Optional takes besides.
template <typename Field, template <typename> class One,
          template <typename> class Optional,
          template <typename> class Repeated, typename... OptionalOnly>
std::unique_ptr<Field> MakeField(const StructTables& tables,
                                 const devstate_field& field,
                                 OptionalOnly... optional_only) {
  return VisitValueType(field, [&](auto type) -> std::unique_ptr<Field> {
    using T = typename decltype(type)::Type;
    switch (field.cardinality) {
      case DEVSTATE_REPEATED:
      case DEVSTATE_MAP:
        return std::make_unique<Repeated<T>>(tables, field);
      case DEVSTATE_ONE:
        return std::make_unique<One<T>>(tables, field);
      default:
        return std::make_unique<Optional<T>>(tables, field, optional_only...);
    }
  });
}

// Returns the columns of what MakeField() made.
template <typename Column, typename Fields>
std::vector<Column*> ColumnsOf(const Fields& fields) {
  std::vector<Column*> columns;
  for (const auto& field : fields) columns.push_back(field->column());
  return columns;
}

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_VALUE_TYPES_H_
