// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/field_mapping.h"

#include "absl/strings/str_cat.h"
#include "devstate/compat/mapping.h"

namespace devstate {

bool FieldMapping::ArrivesAbsent() const {
  if (absent != kAbsent) return true;
  return written->presence == Presence::kImplicit &&
         (enums.zero_changes() ||
          (read->presence == Presence::kExplicit && read->message == nullptr &&
           read->oneof.empty()));
}

bool FieldMapping::columns() const { return message->place.columns; }

std::string FieldMapping::path() const {
  // Of a move, the newer schema's place is the target in an upgrade only.
  if (upgrade && !moved_to.empty()) return moved_to;
  const bool renamed = upgrade && read != nullptr && moved_to.empty() &&
                       read->number == written->number;
  return JoinPath(message->place.path, renamed ? *read : *written);
}

std::string FieldMapping::OneofPath(size_t step) const {
  std::string path = moved_to;
  for (size_t i = step; i <= move_path.size(); ++i) {
    const size_t dot = path.rfind('.');
    path.resize(dot == std::string::npos ? 0 : dot);
  }
  const FieldModel& member = step < move_path.size() ? *move_path[step] : *read;
  return path.empty() ? member.oneof : absl::StrCat(path, ".", member.oneof);
}

std::string SourceMapping::path() const {
  return JoinPath(message->place.path, *read);
}

}  // namespace devstate
