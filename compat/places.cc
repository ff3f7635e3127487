// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/places.h"

#include <utility>

namespace devstate {

MessagePlace InnerPlace(const MessagePlace& place, const FieldModel& written,
                        const FieldModel& read, std::string path) {
  const bool several = written.presence == FieldModel::Presence::kRepeated ||
                       written.presence == FieldModel::Presence::kMap;
  MessagePlace inner;
  inner.writer_path = JoinPath(place.writer_path, written);
  inner.reader_path = JoinPath(place.reader_path, read);
  inner.message = written.message;
  inner.columns =
      place.columns ||
      (place.root() && written.presence == FieldModel::Presence::kRepeated);
  inner.repeated = place.repeated || several;
  inner.repeated_path = several ? path : place.repeated_path;
  inner.path = std::move(path);
  inner.depth = place.depth + 1;
  return inner;
}

const FieldModel* NarrowOf(const MessageModel& message,
                           const FieldModel& wide) {
  for (const FieldModel& field : message.fields) {
    if (field.annotations.fallback_for() == wide.name) return &field;
  }
  return nullptr;
}

}  // namespace devstate
