// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads descriptors into the table. Nothing here recurses: schemas come from
// streams, too, and nest as deep as they like until CheckSchema() has seen
// them.

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/schema/schema_model.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::OneofDescriptor;

template <typename AnyDescriptor>
std::string PlaceOf(const AnyDescriptor& descriptor) {
  google::protobuf::SourceLocation location;
  std::string place(descriptor.file()->name());
  if (descriptor.GetSourceLocation(&location)) {
    absl::StrAppend(&place, ":", location.start_line + 1, ":",
                    location.start_column + 1);
  }
  return place;
}

std::string ShortName(absl::string_view full_name) {
  return std::string(full_name.substr(full_name.rfind('.') + 1));
}

// The names of generated code are this with a suffix.
std::string RecordName(const Descriptor& message) {
  absl::string_view name = message.full_name();
  absl::ConsumePrefix(&name, message.file()->package());
  absl::ConsumePrefix(&name, ".");
  return absl::StrReplaceAll(name, {{".", "_"}});
}

ValueKind KindOf(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_BOOL:
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_FIXED64:
      return ValueKind::kUnsigned;
    case FieldDescriptor::TYPE_ENUM:
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_SFIXED32:
    case FieldDescriptor::TYPE_SFIXED64:
      return ValueKind::kSigned;
    case FieldDescriptor::TYPE_FLOAT:
      return ValueKind::kFloat;
    case FieldDescriptor::TYPE_DOUBLE:
      return ValueKind::kDouble;
    case FieldDescriptor::TYPE_BYTES:
      return ValueKind::kBytes;
    case FieldDescriptor::TYPE_STRING:
      return ValueKind::kText;
    case FieldDescriptor::TYPE_GROUP:
    case FieldDescriptor::TYPE_MESSAGE:
      break;
  }
  return ValueKind::kUnspecified;
}

int BitsOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return 1;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_ENUM:
      return 32;
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return 64;
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return 0;
}

std::string ElementType(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) {
    return ShortName(field.message_type()->full_name());
  }
  if (field.enum_type() != nullptr) {
    return ShortName(field.enum_type()->full_name());
  }
  return std::string(field.type_name());
}

std::string TypeText(const FieldDescriptor& field) {
  if (field.is_map()) {
    return absl::StrCat("map<", ElementType(*field.message_type()->map_key()),
                        ", ", ElementType(*field.message_type()->map_value()),
                        ">");
  }
  // An optional field is all that there is in a oneof of its own.
  const bool is_optional = field.containing_oneof() != nullptr &&
                           field.real_containing_oneof() == nullptr;
  const char* label = field.is_repeated() ? "repeated "
                      : is_optional       ? "optional "
                                          : "";
  return absl::StrCat(label, ElementType(field));
}

class Builder {
 public:
  SchemaModel Build(const Descriptor& root) {
    schema_.file = std::string(root.file()->name());
    schema_.fingerprint = Fingerprint(root);
    schema_.root = Add(root);
    // Messages are filled one after the other rather than recursively, however
    // deep they are nested.
    while (!pending_.empty()) {
      const auto [descriptor, message] = pending_.back();
      pending_.pop_back();
      Fill(*descriptor, message);
    }
    for (const FieldModel& field : schema_.root->fields) {
      if (!HoldsRecords(field)) continue;
      schema_.batches.push_back(&field);
      AddRecords(*field.message);
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
    enumeration->full_name = std::string(descriptor.full_name());
    enumeration->place = PlaceOf(descriptor);
    enumeration->descriptor = &descriptor;
    for (int i = 0; i < descriptor.value_count(); ++i) {
      const auto& value = *descriptor.value(i);
      const EnumValueAnnotations& annotations =
          value.options().GetExtension(devstate::enum_value);
      enumeration->values.push_back({value.number(),
                                     std::string(value.name()),
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
    message->full_name = std::string(descriptor.full_name());
    message->record_name = RecordName(descriptor);
    message->place = PlaceOf(descriptor);
    message->descriptor = &descriptor;
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
    for (int i = 0; i < descriptor.real_oneof_decl_count(); ++i) {
      message->oneofs.push_back(
          OneofOf(*descriptor.oneof_decl(i), message->fields));
    }
  }

  static OneofModel OneofOf(const OneofDescriptor& descriptor,
                            const std::vector<FieldModel>& fields) {
    OneofModel oneof;
    oneof.name = std::string(descriptor.name());
    std::vector<std::string> names;
    for (int i = 0; i < descriptor.field_count(); ++i) {
      names.emplace_back(descriptor.field(i)->name());
    }
    oneof.member_names = absl::StrJoin(names, ", ");
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].oneof != oneof.name) continue;
      oneof.members.push_back(static_cast<uint16_t>(i));
    }
    return oneof;
  }

  FieldModel FieldOf(const FieldDescriptor& descriptor) {
    FieldModel field;
    field.number = descriptor.number();
    field.name = std::string(descriptor.name());
    field.type = descriptor.type();
    field.presence = descriptor.is_map()         ? Presence::kMap
                     : descriptor.is_repeated()  ? Presence::kRepeated
                     : descriptor.has_presence() ? Presence::kExplicit
                                                 : Presence::kImplicit;
    if (descriptor.real_containing_oneof() != nullptr) {
      field.oneof = std::string(descriptor.real_containing_oneof()->name());
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
    field.column_kind = KindOf(descriptor.type());
    field.bits = BitsOf(descriptor);
    field.bounds = BoundsOf(field, /*feature_used=*/false);
    field.descriptor = &descriptor;
    return field;
  }

  // Adds a record and its parts, parts first.
  void AddRecords(const MessageModel& record) {
    struct Open {
      const MessageModel* message;
      size_t next_field;
    };
    std::vector<Open> open;
    if (seen_.insert(&record).second) open.push_back({&record, 0});
    while (!open.empty()) {
      Open& top = open.back();
      if (top.next_field == top.message->fields.size()) {
        schema_.records.push_back(top.message);
        open.pop_back();
        continue;
      }
      const MessageModel* part = top.message->fields[top.next_field++].message;
      if (part != nullptr && seen_.insert(part).second) {
        open.push_back({part, 0});
      }
    }
  }

  SchemaModel schema_;
  std::map<const Descriptor*, MessageModel*> messages_;
  std::map<const EnumDescriptor*, EnumModel*> enums_;
  std::vector<std::pair<const Descriptor*, MessageModel*>> pending_;
  // The messages that are among the records, or will be.
  std::set<const MessageModel*> seen_;
};

}  // namespace

SchemaModel BuildSchemaModel(const Descriptor& root) {
  return Builder().Build(root);
}

}  // namespace devstate
