// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_DIFF_H_
#define DEVSTATE_COMPAT_DIFF_H_

#include "devstate/compat/finding.h"
#include "devstate/compat/mapping.h"
#include "devstate/schema/lineage.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// Returns what happens to states of one schema that are read with the other,
// for all states at once. Where only the concrete state decides, the finding is
// CONDITIONAL and carries the condition. docs/compat_rules.md has the rules.
//
// With a `lineage`, the versions between the two are considered as well. A
// chain of renames is followed, and a number that was free in between is
// another field.
//
// Bounded whatever the schemas are: nesting of 100 messages, 10000 findings or
// 16 MiB of them.
DirectionVerdict CompareSchemas(const SchemaModel& older,
                                const SchemaModel& newer, Direction direction,
                                const Lineage* lineage = nullptr);

// Returns the same for a mapping that exists already.
DirectionVerdict CompareSchemas(const Mapping& mapping);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_DIFF_H_
