// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/schema_model.h"

#include <algorithm>

#include "devstate/schema/value_set.h"

namespace devstate {

const EnumValueModel* EnumModel::FindNumber(int number) const {
  for (const EnumValueModel& value : values) {
    if (value.number == number) return &value;
  }
  return nullptr;
}

std::vector<int32_t> NumbersOf(const EnumModel& type) {
  std::vector<int32_t> numbers;
  for (const EnumValueModel& value : type.values) {
    // An alias is the same number once more.
    if (numbers.empty() || numbers.back() != value.number) {
      numbers.push_back(value.number);
    }
  }
  return numbers;
}

const EnumValueModel* EnumModel::FindName(absl::string_view name) const {
  for (const EnumValueModel& value : values) {
    if (value.name == name) return &value;
  }
  return nullptr;
}

absl::string_view MessageModel::short_name() const {
  return absl::string_view(full_name).substr(full_name.rfind('.') + 1);
}

const FieldModel* MessageModel::FindNumber(int number) const {
  const auto found = std::lower_bound(fields.begin(), fields.end(), number,
                                      [](const FieldModel& field, int wanted) {
                                        return field.number < wanted;
                                      });
  return found != fields.end() && found->number == number ? &*found : nullptr;
}

const FieldModel* MessageModel::FindName(absl::string_view name) const {
  for (const FieldModel& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const Tombstone* MessageModel::FindTombstone(int number) const {
  for (const Tombstone& tombstone : annotations.tombstone()) {
    if (static_cast<int>(tombstone.number()) == number) return &tombstone;
  }
  return nullptr;
}

bool MessageModel::IsReserved(int number) const {
  for (const auto& [first, last] : reserved) {
    if (number >= first && number <= last) return true;
  }
  return false;
}

const MessageModel* SchemaModel::FindMessage(
    absl::string_view full_name) const {
  for (const auto& message : messages) {
    if (message->full_name == full_name) return message.get();
  }
  return nullptr;
}

const EnumModel* SchemaModel::FindEnum(absl::string_view full_name) const {
  for (const auto& enumeration : enums) {
    if (enumeration->full_name == full_name) return enumeration.get();
  }
  return nullptr;
}

bool HoldsRecords(const FieldModel& field) {
  return field.presence == Presence::kRepeated &&
         field.message != nullptr;
}

bool CanBeAbsent(const FieldModel& field) {
  if (field.annotations.required()) return false;
  if (field.presence != Presence::kImplicit) return true;
  return !IsNumber(field) || ValuesOf(field).Contains(0);
}

}  // namespace devstate
