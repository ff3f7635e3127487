// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_SCHEMA_CHECK_H_
#define DEVSTATE_COMPAT_SCHEMA_CHECK_H_

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Whether states of the schema can be written and read: by generated code, and
// by the codec that has descriptors only. Every error is INVALID_ARGUMENT and
// names file, line and remedy.
absl::Status CheckSchema(const google::protobuf::Descriptor& root);

// The part of CheckSchema() that is not about annotations.
absl::Status CheckRecords(const google::protobuf::Descriptor& root);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_SCHEMA_CHECK_H_
