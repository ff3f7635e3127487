// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_RECORD_NAMES_H_
#define DEVSTATE_SCHEMA_RECORD_NAMES_H_

#include <string>

#include "absl/status/status.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// Checks that the names derived from the schema's records differ from each
// other and from those that protobuf's own C++ generator gives the messages and
// enums of the root's file. An error is INVALID_ARGUMENT and names file, line,
// field and remedy.
//
// Requires: records do not contain themselves.
absl::Status CheckRecordNames(const SchemaModel& schema);

// Returns "MountPaths" for "mount_paths".
std::string CamelCase(const std::string& name);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_RECORD_NAMES_H_
