// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/dynamic/record_layout.h"

#include <algorithm>

namespace devstate {
using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;

bool OccursOnce(const FieldDescriptor& field) {
  return !field.is_repeated() && !field.has_presence();
}

std::vector<const FieldDescriptor*> FieldsByNumber(const Descriptor& message) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < message.field_count(); ++i) {
    fields.push_back(message.field(i));
  }
  std::sort(fields.begin(), fields.end(),
            [](const FieldDescriptor* a, const FieldDescriptor* b) {
              return a->number() < b->number();
            });
  return fields;
}

}  // namespace devstate
