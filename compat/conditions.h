// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The conditions that a state must meet, in words.

#ifndef DEVSTATE_COMPAT_CONDITIONS_H_
#define DEVSTATE_COMPAT_CONDITIONS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "devstate/compat/places.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// Returns "field 5 (size) <predicate> in every Vring".
std::string FieldCondition(const MessagePlace& place, const FieldModel& field,
                           absl::string_view predicate);
// Returns the same of each value. That is each element of a repeated field, and
// the value of an optional one where it is present.
std::string ValueCondition(const MessagePlace& place, const FieldModel& field,
                           absl::string_view predicate);
// Returns that the field is not written at all.
std::string AbsenceCondition(const MessagePlace& place,
                             const FieldModel& field);
// Returns that there is no message at `place`, which is not the root.
std::string NoMessageCondition(const MessagePlace& place);
// Returns " in every Vring", or nothing if there is one message at most.
std::string InEvery(const MessagePlace& place);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_CONDITIONS_H_
