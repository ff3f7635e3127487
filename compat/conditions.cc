// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/conditions.h"

#include "absl/strings/str_cat.h"

namespace devstate {
namespace {


std::string Subject(const FieldModel& field) {
  return absl::StrCat("field ", field.number, " (", field.name, ")");
}

}  // namespace

std::string InEvery(const MessagePlace& place) {
  if (!place.repeated) return "";
  if (place.writer->map_entry) {
    return absl::StrCat(" in every entry of ", place.path);
  }
  return absl::StrCat(" in every ", place.writer->short_name());
}

std::string FieldCondition(const MessagePlace& place, const FieldModel& field,
                           absl::string_view predicate) {
  return absl::StrCat(Subject(field), " ", predicate, InEvery(place));
}

std::string ValueCondition(const MessagePlace& place, const FieldModel& field,
                           absl::string_view predicate) {
  switch (field.presence) {
    case Presence::kExplicit:
      return absl::StrCat(Subject(field), ", if present, ", predicate,
                          InEvery(place));
    case Presence::kRepeated:
    case Presence::kMap:
      return absl::StrCat("each element of ", Subject(field), " ", predicate,
                          InEvery(place));
    default:
      return FieldCondition(place, field, predicate);
  }
}

std::string AbsenceCondition(const MessagePlace& place,
                             const FieldModel& field) {
  const bool number =
      field.type != google::protobuf::FieldDescriptor::TYPE_STRING &&
      field.type != google::protobuf::FieldDescriptor::TYPE_BYTES;
  switch (field.presence) {
    case Presence::kImplicit:
      return FieldCondition(
          place, field, number ? "is absent or zero" : "is absent or empty");
    case Presence::kExplicit:
      return FieldCondition(place, field, "is absent");
    default:
      return FieldCondition(place, field, "is absent (has no element)");
  }
}

std::string NoMessageCondition(const MessagePlace& place) {
  if (place.writer->map_entry) {
    return absl::StrCat(place.path, " has no entry");
  }
  return absl::StrCat("there is no ", place.writer->short_name(), " at ",
                      place.path);
}

}  // namespace devstate
