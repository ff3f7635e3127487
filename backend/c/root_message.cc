// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The root as a struct to its message and back. It travels as an ordinary
// message, whose annotations the gate reads by reflection. Both directions go
// field by field and need not be fast, since a state has one root.

#include "devstate/backend/c/root_message.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/backend/c/struct_table.h"
#include "devstate/backend/c/value_types.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/dynamic/field_access.h"
#include "devstate/serializer/utf8.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/descriptor.h"

namespace devstate::c {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

bool IsRepeated(const devstate_field& field) {
  return field.cardinality == DEVSTATE_REPEATED ||
         field.cardinality == DEVSTATE_MAP;
}

const FieldDescriptor& DescriptorOf(const Message& message,
                                    const devstate_field& field) {
  return *message.GetDescriptor()->FindFieldByNumber(
      static_cast<int>(field.number));
}

// The values of `field` in `row`, one after the other.
devstate_items ValuesIn(const devstate_field& field, const char* row) {
  if (IsRepeated(field)) return LoadMember<devstate_items>(row + field.offset);
  return {row + field.offset, IsPresent(field, row) ? size_t{1} : size_t{0}};
}

// --- From structs ---

// A field's place, for errors.
struct Place {
  const Place* outer;
  const char* name;
};

std::string PathOf(const Place& place) {
  return place.outer == nullptr
             ? place.name
             : absl::StrCat(PathOf(*place.outer), ".", place.name);
}

absl::Status Fault(WireFault fault, const Place& place) {
  return absl::InvalidArgumentError(absl::StrCat(
      FaultText({fault, PathOf(place), "", ""}), ": no reader would load it"));
}

template <typename T>
bool Less(const char* a, const char* b) {
  return LoadMember<T>(a) < LoadMember<T>(b);
}
template <>
bool Less<devstate_bytes>(const char* a, const char* b) {
  return ToView(LoadMember<devstate_bytes>(a)) <
         ToView(LoadMember<devstate_bytes>(b));
}
template <>
bool Less<MessageValue>(const char*, const char*) {
  return false;
}

// Whether the key of the map entry at `a` comes before that at `b`.
bool KeyLess(const devstate_field& key, const char* a, const char* b) {
  return VisitValueType(key, [&](auto type) {
    return Less<typename decltype(type)::Type>(a + key.offset, b + key.offset);
  });
}

// The elements of `field` in the order in which they travel: maps by key.
absl::Status OrderOf(const devstate_field& field, const devstate_items& values,
                     const Place& place, std::vector<const char*>* order) {
  const size_t size = ElementSize(field);
  for (size_t i = 0; i < values.count; ++i) {
    order->push_back(static_cast<const char*>(values.data) + i * size);
  }
  if (field.cardinality != DEVSTATE_MAP) return absl::OkStatus();
  const devstate_field& key = field.message->fields[0];
  std::stable_sort(
      order->begin(), order->end(),
      [&](const char* a, const char* b) { return KeyLess(key, a, b); });
  const auto twice = std::adjacent_find(
      order->begin(), order->end(),
      [&](const char* a, const char* b) { return !KeyLess(key, a, b); });
  return twice == order->end() ? absl::OkStatus()
                               : Fault(WireFault::kKeyTwice, place);
}

absl::Status PutMessage(const devstate_table& type, const char* row,
                        const Place* place, Message* message);

absl::Status PutValue(const devstate_field& field, const char* value,
                      const FieldDescriptor& descriptor, const Place& place,
                      Message* message) {
  const Reflection* reflection = message->GetReflection();
  if (field.type == DEVSTATE_TYPE_MESSAGE) {
    return PutMessage(*field.message, value, &place,
                      descriptor.is_repeated()
                          ? reflection->AddMessage(message, &descriptor)
                          : reflection->MutableMessage(message, &descriptor));
  }
  if (field.type == DEVSTATE_TYPE_STRING || field.type == DEVSTATE_TYPE_BYTES) {
    const auto bytes = LoadMember<devstate_bytes>(value);
    DS_RETURN_IF_ERROR(
        InField(PathOf(place), CheckData(bytes.data, bytes.size, " bytes")));
    // Before protobuf sees it, which writes to standard error.
    if (field.type == DEVSTATE_TYPE_STRING && !IsValidUtf8(ToView(bytes))) {
      return Fault(WireFault::kNotUtf8, place);
    }
    std::string text(ToView(bytes));
    descriptor.is_repeated()
        ? reflection->AddString(message, &descriptor, std::move(text))
        : reflection->SetString(message, &descriptor, std::move(text));
    return absl::OkStatus();
  }
  dynamic::VisitType(descriptor, [&](auto access) {
    using Access = decltype(access);
    if constexpr (!std::is_same_v<Access, dynamic::StringAccess> &&
                  !std::is_same_v<Access, dynamic::MessageAccess>) {
      Access::Put(message, &descriptor,
                  LoadMember<typename Access::Type>(value));
    }
  });
  return absl::OkStatus();
}

absl::Status PutMessage(const devstate_table& type, const char* row,
                        const Place* outer, Message* message) {
  absl::Status selectors = CheckSelectors(type, row);
  if (!selectors.ok()) {
    return outer == nullptr ? selectors : InMessage(PathOf(*outer), selectors);
  }
  for (uint32_t i = 0; i < type.field_count; ++i) {
    const devstate_field& field = type.fields[i];
    const Place place = {outer, field.name};
    const devstate_items values = ValuesIn(field, row);
    DS_RETURN_IF_ERROR(InField(
        PathOf(place), CheckData(values.data, values.count, " elements")));
    std::vector<const char*> order;
    DS_RETURN_IF_ERROR(OrderOf(field, values, place, &order));
    for (const char* value : order) {
      DS_RETURN_IF_ERROR(PutValue(field, value, DescriptorOf(*message, field),
                                  place, message));
    }
  }
  return absl::OkStatus();
}

// --- To structs ---

void TakeValue(const Message& message, const FieldDescriptor& descriptor,
               int index, const devstate_field& field, char* value,
               Arrays* arrays) {
  const Reflection* reflection = message.GetReflection();
  if (field.type == DEVSTATE_TYPE_MESSAGE) {
    ToStruct(descriptor.is_repeated()
                 ? reflection->GetRepeatedMessage(message, &descriptor, index)
                 : reflection->GetMessage(message, &descriptor),
             *field.message, value, arrays);
    return;
  }
  dynamic::VisitType(descriptor, [&](auto access) {
    using Access = decltype(access);
    if constexpr (std::is_same_v<Access, dynamic::StringAccess>) {
      // Messages hold their strings: nothing is put into it.
      std::string unused;
      const std::string& text =
          descriptor.is_repeated()
              ? reflection->GetRepeatedStringReference(message, &descriptor,
                                                       index, &unused)
              : reflection->GetStringReference(message, &descriptor, &unused);
      StoreMember(devstate_bytes{text.data(), text.size()}, value);
    } else if constexpr (!std::is_same_v<Access, dynamic::MessageAccess>) {
      StoreMember(Access::Get(message, &descriptor, index), value);
    }
  });
}

void TakeField(const Message& message, const devstate_field& field, char* row,
               Arrays* arrays) {
  const FieldDescriptor& descriptor = DescriptorOf(message, field);
  const Reflection* reflection = message.GetReflection();
  if (IsRepeated(field)) {
    const int count = reflection->FieldSize(message, &descriptor);
    if (count == 0) return;
    const size_t size = ElementSize(field);
    char* elements = arrays->Allocate(static_cast<size_t>(count) * size);
    for (int i = 0; i < count; ++i) {
      TakeValue(message, descriptor, i, field,
                elements + static_cast<size_t>(i) * size, arrays);
    }
    StoreMember(devstate_items{elements, static_cast<size_t>(count)},
                row + field.offset);
    return;
  }
  if (field.cardinality != DEVSTATE_ONE) {
    if (!reflection->HasField(message, &descriptor)) return;
    if (field.cardinality == DEVSTATE_ONEOF) {
      StoreMember(static_cast<int32_t>(field.number), row + field.presence);
    } else {
      StoreMember(true, row + field.presence);
    }
  }
  TakeValue(message, descriptor, 0, field, row + field.offset, arrays);
}

}  // namespace

char* Arrays::Allocate(size_t size) {
  return arrays_.emplace_back(new char[size]()).get();
}

absl::Status ToMessage(const devstate_table& type, const void* row,
                       Message* message) {
  return PutMessage(type, static_cast<const char*>(row), nullptr, message);
}

void ToStruct(const Message& message, const devstate_table& type, void* row,
              Arrays* arrays) {
  for (uint32_t i = 0; i < type.field_count; ++i) {
    TakeField(message, type.fields[i], static_cast<char*>(row), arrays);
  }
}

}  // namespace devstate::c
