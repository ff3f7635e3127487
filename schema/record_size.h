// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_RECORD_SIZE_H_
#define DEVSTATE_SCHEMA_RECORD_SIZE_H_

#include <cstddef>

#include "devstate/schema/schema_model.h"

namespace devstate {

// Returns the record size of docs/stream_format.md, "Sizes", in bytes. A record
// of this type counts for that many, besides the bytes of its strings and the
// elements of its repeated fields. Writers end batches by it and readers charge
// it to max_batch_memory, so it follows from the schema alone.
//
// Requires: `record` does not contain itself.
size_t RecordSize(const MessageModel& record);

// Returns the bytes that one value of `field` counts for; one element if it is
// repeated.
size_t ValueSize(const FieldModel& field);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_RECORD_SIZE_H_
