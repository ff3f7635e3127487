// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/schema_model.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "codegen/fingerprint.h"
#include "compat/value_set.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;

template <typename AnyDescriptor>
std::string PlaceOf(const AnyDescriptor& descriptor) {
  google::protobuf::SourceLocation location;
  std::string place = descriptor.file()->name();
  if (descriptor.GetSourceLocation(&location)) {
    absl::StrAppend(&place, ":", location.start_line + 1, ":",
                    location.start_column + 1);
  }
  return place;
}

std::string ShortName(const std::string& full_name) {
  return full_name.substr(full_name.rfind('.') + 1);
}

std::string ElementType(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) {
    return ShortName(field.message_type()->full_name());
  }
  if (field.enum_type() != nullptr) {
    return ShortName(field.enum_type()->full_name());
  }
  return field.type_name();
}

std::string TypeText(const FieldDescriptor& field) {
  if (field.is_map()) {
    return absl::StrCat("map<", ElementType(*field.message_type()->map_key()),
                        ", ", ElementType(*field.message_type()->map_value()),
                        ">");
  }
  const char* label = field.is_repeated()            ? "repeated "
                      : field.has_optional_keyword() ? "optional "
                                                     : "";
  return absl::StrCat(label, ElementType(field));
}

class Builder {
 public:
  SchemaModel Build(const Descriptor& root) {
    schema_.file = root.file()->name();
    schema_.fingerprint = Fingerprint(root);
    schema_.root = Add(root);
    // Messages are filled one after the other rather than recursively, however
    // deep they are nested.
    while (!pending_.empty()) {
      const auto [descriptor, message] = pending_.back();
      pending_.pop_back();
      Fill(*descriptor, message);
    }
    return std::move(schema_);
  }

 private:
  const MessageModel* Add(const Descriptor& descriptor) {
    MessageModel*& message = messages_[&descriptor];
    if (message == nullptr) {
      schema_.messages.push_back(std::make_unique<MessageModel>());
      message = schema_.messages.back().get();
      pending_.emplace_back(&descriptor, message);
    }
    return message;
  }

  const EnumModel* Add(const EnumDescriptor& descriptor) {
    EnumModel*& enumeration = enums_[&descriptor];
    if (enumeration != nullptr) return enumeration;
    schema_.enums.push_back(std::make_unique<EnumModel>());
    enumeration = schema_.enums.back().get();
    enumeration->full_name = descriptor.full_name();
    enumeration->place = PlaceOf(descriptor);
    for (int i = 0; i < descriptor.value_count(); ++i) {
      const auto& value = *descriptor.value(i);
      const EnumValueAnnotations& annotations =
          value.options().GetExtension(devstate::enum_value);
      enumeration->values.push_back({value.number(),
                                     value.name(),
                                     annotations.since(),
                                     {annotations.renumbered_from().begin(),
                                      annotations.renumbered_from().end()}});
    }
    std::stable_sort(enumeration->values.begin(), enumeration->values.end(),
                     [](const EnumValueModel& a, const EnumValueModel& b) {
                       return a.number < b.number;
                     });
    return enumeration;
  }

  void Fill(const Descriptor& descriptor, MessageModel* message) {
    message->full_name = descriptor.full_name();
    message->place = PlaceOf(descriptor);
    message->map_entry = descriptor.options().map_entry();
    message->annotations = descriptor.options().GetExtension(devstate::message);
    for (int i = 0; i < descriptor.reserved_range_count(); ++i) {
      const auto& range = *descriptor.reserved_range(i);
      message->reserved.emplace_back(range.start, range.end - 1);
    }
    for (int i = 0; i < descriptor.field_count(); ++i) {
      message->fields.push_back(FieldOf(*descriptor.field(i)));
    }
    std::sort(message->fields.begin(), message->fields.end(),
              [](const FieldModel& a, const FieldModel& b) {
                return a.number < b.number;
              });
  }

  FieldModel FieldOf(const FieldDescriptor& descriptor) {
    FieldModel field;
    field.number = descriptor.number();
    field.name = descriptor.name();
    field.type = descriptor.type();
    field.presence =
        descriptor.is_map()         ? FieldModel::Presence::kMap
        : descriptor.is_repeated()  ? FieldModel::Presence::kRepeated
        : descriptor.has_presence() ? FieldModel::Presence::kExplicit
                                    : FieldModel::Presence::kImplicit;
    if (descriptor.real_containing_oneof() != nullptr) {
      field.oneof = descriptor.real_containing_oneof()->name();
    }
    if (descriptor.message_type() != nullptr) {
      field.message = Add(*descriptor.message_type());
    }
    if (descriptor.enum_type() != nullptr) {
      field.enumeration = Add(*descriptor.enum_type());
    }
    field.annotations = descriptor.options().GetExtension(devstate::field);
    field.type_text = TypeText(descriptor);
    field.place = PlaceOf(descriptor);
    return field;
  }

  SchemaModel schema_;
  std::map<const Descriptor*, MessageModel*> messages_;
  std::map<const EnumDescriptor*, EnumModel*> enums_;
  std::vector<std::pair<const Descriptor*, MessageModel*>> pending_;
};

}  // namespace

const EnumValueModel* EnumModel::FindNumber(int number) const {
  for (const EnumValueModel& value : values) {
    if (value.number == number) return &value;
  }
  return nullptr;
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

SchemaModel BuildSchemaModel(const Descriptor& root) {
  return Builder().Build(root);
}

bool HoldsRecords(const FieldModel& field) {
  return field.presence == FieldModel::Presence::kRepeated &&
         field.message != nullptr;
}

bool CanBeAbsent(const FieldModel& field) {
  if (field.annotations.required()) return false;
  if (field.presence != FieldModel::Presence::kImplicit) return true;
  return !IsNumber(field) || ValuesOf(field).Contains(0);
}

}  // namespace devstate
