// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/places.h"

namespace devstate {

const FieldModel* NarrowOf(const MessageModel& message,
                           const FieldModel& wide) {
  for (const FieldModel& field : message.fields) {
    if (field.annotations.fallback_for() == wide.name) return &field;
  }
  return nullptr;
}

}  // namespace devstate
