// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The meaning of a field's absence from a state.

#ifndef DEVSTATE_COMPAT_ABSENT_VALUE_H_
#define DEVSTATE_COMPAT_ABSENT_VALUE_H_

#include "absl/numeric/int128.h"
#include "absl/types/optional.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// Returns whether the writers of `schema` no longer fill its field.
bool HasStopped(const SchemaModel& schema, const FieldModel& field);

// Returns whether a reader of the field's own schema can tell that a state does
// not have it, or can do without it. That is so if the field has presence, an
// absent_default or a feature, or is ignorable. In a state without it, any
// other field is zero, or has no element, as if the device had no more than
// that.
bool SaysWhatAbsenceMeans(const FieldModel& field);

// Returns the absent_default of an integer, a bool or an enum as a number.
absl::optional<absl::int128> DefaultNumber(const FieldModel& field);

// Returns whether the absent_default of `source`, a field of the same kind, is
// a value that the bounds of `field` allow. Numbers count only within the type
// of `field`.
bool AllowsDefaultOf(const FieldModel& field, const FieldModel& source);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_ABSENT_VALUE_H_
