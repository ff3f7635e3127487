// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_UNIT_SCALE_H_
#define DEVSTATE_COMPAT_UNIT_SCALE_H_

#include <cstdint>

#include "absl/types/optional.h"
#include "devstate/schema/schema_model.h"
#include "devstate/schema/value_set.h"

namespace devstate {

// The scale between two units of one quantity. The reader's value is the
// writer's value * multiplier / divisor, of which one is 1.
struct UnitScale {
  int64_t multiplier = 1;
  int64_t divisor = 1;
};

// Returns the scale from values of `written` to values of `read`. There is one
// if both declare a unit, the units are different ones of time, size or
// frequency, and both are integers without power_of_two and one_of. Otherwise
// another unit is another meaning.
absl::optional<UnitScale> ScaleBetween(const FieldModel& written,
                                       const FieldModel& read);

// Returns `values`, which are in the reader's unit, in the writer's: those that
// arrive as one of them.
ValueSet InWritersUnit(const ValueSet& values, const UnitScale& scale);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_UNIT_SCALE_H_
