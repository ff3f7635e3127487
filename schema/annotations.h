// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_ANNOTATIONS_H_
#define DEVSTATE_SCHEMA_ANNOTATIONS_H_

#include "absl/status/status.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// Checks that the annotations of the schema make sense: values of the annotated
// field's type, names that exist, bounds that leave a value, versions that are
// not newer than the schema's. Every error is INVALID_ARGUMENT and names file,
// line, field and remedy.
absl::Status CheckAnnotations(const SchemaModel& schema);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_ANNOTATIONS_H_
