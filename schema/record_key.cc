// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/record_key.h"

#include <algorithm>
#include <string>

namespace devstate {

std::vector<uint16_t> RecordKey(const FieldModel& field) {
  const MessageModel& record = *field.message;
  const auto& names = record.annotations.key_size() != 0
                          ? record.annotations.key()
                          : field.annotations.unique_by();
  std::vector<uint16_t> key;
  for (const std::string& name : names) {
    const FieldModel* part = record.FindName(name);
    // Of a part that may be absent, a deletion could not say so.
    if (part == nullptr || part->cardinality() != Cardinality::kOne) return {};
    key.push_back(static_cast<uint16_t>(part - record.fields.data()));
  }
  std::sort(key.begin(), key.end());
  key.erase(std::unique(key.begin(), key.end()), key.end());
  return key;
}

}  // namespace devstate
