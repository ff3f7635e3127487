// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/schema_check.h"

#include "devstate/schema/annotations.h"
#include "devstate/schema/record_names.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::Status CheckRecords(const SchemaModel& schema, int max_depth) {
  // First, because it bounds what other checks walk through.
  DS_RETURN_IF_ERROR(CheckRootType(*schema.root->descriptor, max_depth));
  return CheckRecordNames(schema);
}

absl::Status CheckSchema(const SchemaModel& schema, int max_depth) {
  DS_RETURN_IF_ERROR(CheckRecords(schema, max_depth));
  return CheckAnnotations(schema);
}

}  // namespace devstate
