// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_ENUM_MAPPING_H_
#define DEVSTATE_COMPAT_ENUM_MAPPING_H_

#include <map>
#include <set>

#include "devstate/schema/schema_model.h"

namespace devstate {

struct FieldMapping;
struct SchemaPair;

// What becomes of the numbers of a writer's enum. Those that are in neither
// stay as they are.
struct EnumMapping {
  // By the writer's number: the reader's number of the same value.
  std::map<int, int> renumbered;
  // Those that mean nothing to the reader, or something else.
  std::set<int> unknown;

  bool unchanged() const { return renumbered.empty() && unknown.empty(); }
  // Whether an absent value, which is zero, is another one to the reader.
  bool zero_changes() const {
    return renumbered.count(0) != 0 || unknown.count(0) != 0;
  }
};

// Whether `newer` declares `number` as a former number of its own.
bool DeclaresFormerNumber(const EnumValueModel& newer, int number);

// Fills what `mapping`, whose fields are both enums, says about their values.
void MapEnums(const SchemaPair& pair, FieldMapping* mapping);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_ENUM_MAPPING_H_
