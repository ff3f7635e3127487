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

// The new numbers of the values of a writer's enum. Numbers that are in neither
// member stay as they are.
struct EnumMapping {
  // The reader's number of the same value, by the writer's number.
  std::map<int, int> renumbered;
  // The numbers that mean nothing to the reader, or something else.
  std::set<int> unknown;

  bool unchanged() const { return renumbered.empty() && unknown.empty(); }
  // Returns whether an absent value, which is zero, is another one to the
  // reader.
  bool zero_changes() const {
    return renumbered.count(0) != 0 || unknown.count(0) != 0;
  }
};

// Returns whether `newer` declares `number` as a former number of its own.
bool DeclaresFormerNumber(const EnumValueModel& newer, int number);

// Fills the part of `mapping` about enum values. Requires: its fields are both
// enums.
void MapEnums(const SchemaPair& pair, FieldMapping* mapping);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_ENUM_MAPPING_H_
