// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_RECORD_KEY_H_
#define DEVSTATE_SCHEMA_RECORD_KEY_H_

#include <cstdint>
#include <vector>

#include "devstate/schema/schema_model.h"

namespace devstate {

// Returns what tells the records of `field` apart (docs/stream_format.md,
// "Rounds"): indices into the fields of its message, in ascending order. They
// are those that `key` of the message names, or else those of the field's
// `unique_by`. Empty if that gives no key, and changes of its records cannot be
// told.
//
// Requires: HoldsRecords(field).
std::vector<uint16_t> RecordKey(const FieldModel& field);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_RECORD_KEY_H_
