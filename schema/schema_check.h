// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_SCHEMA_CHECK_H_
#define DEVSTATE_SCHEMA_SCHEMA_CHECK_H_

#include "absl/status/status.h"
#include "devstate/schema/record_check.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// Checks that states of the schema can be written and read, by generated code
// and without. Code generator, lint, tools and a reader of an embedded schema
// all take this answer. Every error is INVALID_ARGUMENT and names file, line
// and remedy. `max_depth` is as for CheckRootType().
absl::Status CheckSchema(const SchemaModel& schema,
                         int max_depth = kMaxRecordDepth);

// Checks what CheckSchema() does, apart from annotations.
absl::Status CheckRecords(const SchemaModel& schema,
                          int max_depth = kMaxRecordDepth);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_SCHEMA_CHECK_H_
