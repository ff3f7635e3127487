// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/record_size.h"

#include <algorithm>

namespace devstate {
namespace {

using Cardinality = FieldModel::Cardinality;

// Size and alignment of a C++ type.
struct Layout {
  size_t size;
  size_t alignment;
};

size_t RoundUp(size_t size, size_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

Layout LayoutOf(const MessageModel& record);

Layout LayoutOfElement(const FieldModel& field) {
  if (field.message != nullptr) return LayoutOf(*field.message);
  // absl::string_view.
  if (field.bits == 0) return {16, 8};
  const size_t size = field.bits == 1 ? 1 : static_cast<size_t>(field.bits / 8);
  return {size, size};
}

Layout LayoutOfMember(const FieldModel& field) {
  // absl::Span.
  if (field.cardinality() == Cardinality::kRepeated) return {16, 8};
  const Layout value = LayoutOfElement(field);
  if (field.cardinality() == Cardinality::kOne) return value;
  // std::optional: the value and a flag.
  return {RoundUp(value.size + 1, value.alignment), value.alignment};
}

Layout LayoutOf(const MessageModel& record) {
  Layout layout = {0, 1};
  for (const FieldModel& field : record.fields) {
    const Layout member = LayoutOfMember(field);
    layout.size = RoundUp(layout.size, member.alignment) + member.size;
    layout.alignment = std::max(layout.alignment, member.alignment);
  }
  layout.size = std::max<size_t>(1, RoundUp(layout.size, layout.alignment));
  return layout;
}

}  // namespace

size_t RowSize(const MessageModel& record) { return LayoutOf(record).size; }

size_t ElementSize(const FieldModel& field) {
  return LayoutOfElement(field).size;
}

}  // namespace devstate
