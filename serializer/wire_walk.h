// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The root chunk before it is parsed. A protobuf parser accepts much without an
// error although something of it is lost or misread. Some of that cannot be
// seen afterwards, for instance an unknown field in a map entry. So readers,
// gate and writers look at the bytes.

#ifndef DEVSTATE_SERIALIZER_WIRE_WALK_H_
#define DEVSTATE_SERIALIZER_WIRE_WALK_H_

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/wire_fault.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Walks `message`, a serialized root message of type `root`, and calls `visit`
// for each fault in the order of the bytes. Unnamed enum values of singular
// fields come at the end of their message. Stops when `visit` returns false.
//
// Returns false if `message` is not well-formed, or nested more than 100 deep.
// The faults found before mean nothing then.
bool WalkWire(absl::string_view message,
              const google::protobuf::Descriptor& root,
              absl::FunctionRef<bool(const WireFinding&)> visit);

// Returns whether the elements of `field`, of a root message, travel in
// batches. Repeated messages that are not map entries do.
bool TravelsInBatches(const google::protobuf::FieldDescriptor& field);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_WIRE_WALK_H_
