// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/struct_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace devstate::c {
namespace {

Presence PresenceOf(const devstate_field& field) {
  switch (field.cardinality) {
    case DEVSTATE_ONE:
      return Presence::kImplicit;
    case DEVSTATE_REPEATED:
      return Presence::kRepeated;
    case DEVSTATE_MAP:
      return Presence::kMap;
    default:
      return Presence::kExplicit;
  }
}

ValueKind KindOf(const devstate_field& field) {
  switch (field.type) {
    case DEVSTATE_TYPE_BOOL:
    case DEVSTATE_TYPE_UINT32:
    case DEVSTATE_TYPE_UINT64:
      return ValueKind::kUnsigned;
    case DEVSTATE_TYPE_INT32:
    case DEVSTATE_TYPE_INT64:
    case DEVSTATE_TYPE_ENUM:
      return ValueKind::kSigned;
    case DEVSTATE_TYPE_FLOAT:
      return ValueKind::kFloat;
    case DEVSTATE_TYPE_DOUBLE:
      return ValueKind::kDouble;
    case DEVSTATE_TYPE_STRING:
      return ValueKind::kText;
    case DEVSTATE_TYPE_BYTES:
      return ValueKind::kBytes;
    default:
      return ValueKind::kUnspecified;
  }
}

BoundsEntry ToEntry(const devstate_bounds& bounds) {
  const auto has = [&](uint32_t flag) { return (bounds.flags & flag) != 0; };
  BoundsEntry entry = {};
  entry.column = bounds.column == DEVSTATE_COUNTS ? BoundsEntry::Column::kCounts
                 : bounds.column == DEVSTATE_LENGTHS
                     ? BoundsEntry::Column::kLengths
                     : BoundsEntry::Column::kNumbers;
  entry.since = bounds.since;
  entry.bounded = has(DEVSTATE_BOUNDED);
  entry.low = bounds.low;
  entry.high = bounds.high;
  entry.not_zero = has(DEVSTATE_NOT_ZERO);
  entry.power_of_two = has(DEVSTATE_POWER_OF_TWO);
  entry.one_of = {bounds.one_of, bounds.one_of_count};
  entry.may_be_unused = has(DEVSTATE_MAY_BE_UNUSED);
  entry.required = has(DEVSTATE_REQUIRED);
  entry.sensitive = has(DEVSTATE_SENSITIVE);
  entry.unit = bounds.unit;
  entry.allowed = bounds.allowed;
  return entry;
}

}  // namespace

StructTable::StructTable(const devstate_table& type)
    : type_(type),
      fields_(type.field_count),
      bounds_(type.field_count),
      oneofs_(type.oneof_count),
      members_(type.oneof_count) {
  for (uint32_t i = 0; i < type.field_count; ++i) {
    const devstate_field& field = type.fields[i];
    for (uint32_t j = 0; j < field.bounds_count; ++j) {
      bounds_[i].push_back(ToEntry(field.bounds[j]));
    }
    FieldEntry& entry = fields_[i];
    entry.number = field.number;
    entry.name = field.name;
    entry.presence = PresenceOf(field);
    entry.kind = KindOf(field);
    entry.value_size = field.value_size;
    entry.enum_values = {field.enum_values, field.enum_count};
    entry.bounds = bounds_[i];
  }
  for (uint32_t i = 0; i < type.oneof_count; ++i) {
    const devstate_oneof& oneof = type.oneofs[i];
    for (uint32_t j = 0; j < oneof.member_count; ++j) {
      members_[i].push_back(static_cast<uint16_t>(oneof.members[j]));
    }
    oneofs_[i] = {oneof.name, oneof.member_names, members_[i]};
  }
  record_ = {fields_, oneofs_};
}

void StructTables::Add(const devstate_table& type) {
  std::unique_ptr<StructTable>& table = tables_[&type];
  if (table != nullptr) return;
  table = std::make_unique<StructTable>(type);
  for (uint32_t i = 0; i < type.field_count; ++i) {
    if (type.fields[i].message != nullptr) Add(*type.fields[i].message);
  }
}

size_t ElementSize(const devstate_field& field) {
  switch (field.type) {
    case DEVSTATE_TYPE_BOOL:
      return sizeof(bool);
    case DEVSTATE_TYPE_INT32:
    case DEVSTATE_TYPE_UINT32:
    case DEVSTATE_TYPE_ENUM:
    case DEVSTATE_TYPE_FLOAT:
      return sizeof(uint32_t);
    case DEVSTATE_TYPE_INT64:
    case DEVSTATE_TYPE_UINT64:
    case DEVSTATE_TYPE_DOUBLE:
      return sizeof(uint64_t);
    case DEVSTATE_TYPE_STRING:
    case DEVSTATE_TYPE_BYTES:
      return sizeof(devstate_bytes);
    default:
      return field.message->row_size;
  }
}

absl::Status CheckData(const void* data, size_t size, const char* unit) {
  if (size != 0 && data == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("data is NULL and has ", size, unit));
  }
  if (size > UINT32_MAX) {
    return absl::InvalidArgumentError(
        absl::StrCat(size, unit, ", allowed are ", UINT32_MAX));
  }
  return absl::OkStatus();
}

absl::Status CheckSelectors(const devstate_table& type, const char* row) {
  for (uint32_t i = 0; i < type.oneof_count; ++i) {
    const devstate_oneof& oneof = type.oneofs[i];
    const auto selected = LoadMember<int32_t>(row + oneof.selector);
    if (selected == 0 ||
        std::any_of(oneof.members, oneof.members + oneof.member_count,
                    [&](uint32_t member) {
                      return type.fields[member].number ==
                             static_cast<uint32_t>(selected);
                    })) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(oneof.name, ": ", oneof.name, "_case is ", selected,
                     ", which is none of ", oneof.member_names));
  }
  return absl::OkStatus();
}

}  // namespace devstate::c
