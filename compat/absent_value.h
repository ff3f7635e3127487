// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What it means that a state does not have a field.

#ifndef DEVSTATE_COMPAT_ABSENT_VALUE_H_
#define DEVSTATE_COMPAT_ABSENT_VALUE_H_

#include "absl/numeric/int128.h"
#include "absl/types/optional.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// Whether the writers of `schema` do not fill its field any more.
bool HasStopped(const SchemaModel& schema, const FieldModel& field);

// Whether a reader of the field's own schema can tell that a state does not
// have it, or can do without: the field has presence, an absent_default or a
// feature, or is ignorable. Any other field of a state without it is zero, or
// has no element, as if the device had no more than that.
bool SaysWhatAbsenceMeans(const FieldModel& field);

// Returns the absent_default of an integer, a bool or an enum as a number.
absl::optional<absl::int128> DefaultNumber(const FieldModel& field);

// Whether the absent_default of `source`, a field of the same kind, is a value
// that the bounds of `field` allow. Numbers only within the type of `field`.
bool AllowsDefaultOf(const FieldModel& field, const FieldModel& source);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_ABSENT_VALUE_H_
