// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a record type is to whoever has only its descriptor: its fields in the
// order of columns, and how often they occur.

#ifndef DEVSTATE_COMPAT_DYNAMIC_RECORD_LAYOUT_H_
#define DEVSTATE_COMPAT_DYNAMIC_RECORD_LAYOUT_H_

#include <vector>

#include "google/protobuf/descriptor.h"

namespace devstate {

// Whether the field occurs exactly once in each record: a proto3 scalar without
// presence.
bool OccursOnce(const google::protobuf::FieldDescriptor& field);

// In ascending order of number, the order of columns.
std::vector<const google::protobuf::FieldDescriptor*> FieldsByNumber(
    const google::protobuf::Descriptor& message);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_DYNAMIC_RECORD_LAYOUT_H_
