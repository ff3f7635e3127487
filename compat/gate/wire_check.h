// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_WIRE_CHECK_H_
#define DEVSTATE_COMPAT_GATE_WIRE_CHECK_H_

#include "absl/strings/string_view.h"
#include "devstate/compat/gate/stream_findings.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Looks for everything that a protobuf parser takes without a word although
// something of it is lost or misread: fields that the schema does not have and
// known ones with another wire type, values that do not fit the field's type,
// enum values without a name, a singular field or the members of a oneof more
// than once, a key of a map more than once, strings that are not UTF-8.
//
// Adds a finding for each kind and path. False if `message` is no well-formed
// protobuf message, or is nested more than 100 deep: then nothing in it means
// anything.
bool CheckWire(absl::string_view message,
               const google::protobuf::Descriptor& type,
               StreamFindings* findings);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_WIRE_CHECK_H_
