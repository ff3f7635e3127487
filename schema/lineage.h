// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_LINEAGE_H_
#define DEVSTATE_SCHEMA_LINEAGE_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// The released versions of one schema, and the facts that no pair of them
// shows.
class Lineage {
 public:
  // Takes those of `schemas` that have the name `schema`. Requires: they
  // outlive this object.
  Lineage(const std::vector<const SchemaModel*>& schemas,
          absl::string_view schema);

  // Returns the versions in ascending order.
  const std::vector<const SchemaModel*>& schemas() const { return schemas_; }

  // Returns the first version between `low` and `high`, both exclusive, whose
  // message `message` has no field `number`.
  absl::optional<uint32_t> FieldGap(absl::string_view message, int number,
                                    uint32_t low, uint32_t high) const;
  // Returns the same for a value of an enum.
  absl::optional<uint32_t> EnumValueGap(absl::string_view enumeration,
                                        int number, uint32_t low,
                                        uint32_t high) const;

  // Returns whether field `older` of version `low` became field `newer` of
  // version `high`, of the same number. Each version after `low` that changed
  // the name must have declared the rename.
  bool Renamed(absl::string_view message, const FieldModel& older,
               const FieldModel& newer, uint32_t low, uint32_t high) const;

 private:
  std::vector<const SchemaModel*> schemas_;
};

// Returns whether `newer` declares `name` as a former name of its own.
bool DeclaresFormerName(const FieldModel& newer, absl::string_view name);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_LINEAGE_H_
