// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The root chunk before it is parsed. A protobuf parser accepts much without an
// error although something of it is lost or misread. Some of that cannot be
// seen afterwards, for instance an unknown field in a map entry. So readers,
// gate and writers look at the bytes.

#ifndef DEVSTATE_SERIALIZER_WIRE_WALK_H_
#define DEVSTATE_SERIALIZER_WIRE_WALK_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "devstate/stream.pb.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

enum class WireFault {
  // A field that the schema does not have.
  kUnknownField,
  // A field of the schema, with another wire type than its type has.
  kWireType,
  // An enum value that the schema does not name. The last value counts where
  // a singular field is repeated.
  kUnnamedEnumValue,
  // A number that does not fit the field's type and would be cut.
  kOutOfRange,
  // A string that is not UTF-8.
  kNotUtf8,
  // A singular message more than once, or several members of a oneof. A parser
  // would merge them or drop one.
  kMerged,
  // A singular number or string more than once. A parser keeps the last, which
  // readers of streams may do.
  kTwice,
  // A map with a key more than once. A parser would keep the last entry.
  kKeyTwice,
  // A record of a field that travels in batches.
  kRecord,
};

struct WireFinding {
  WireFault fault;
  // The path of the field, "parts.value.3". A field without a name stands by
  // its number.
  std::string path;
  // The words for what the bytes have and what the schema has; may be empty.
  std::string written;
  std::string read;
};

// Walks `message`, a serialized root message of type `root`, and calls `visit`
// for each fault in the order of the bytes. Unnamed enum values of singular
// fields come at the end of their message. Stops when `visit` returns false.
//
// Returns false if `message` is not well-formed, or nested more than 100 deep.
// The faults found before mean nothing then.
bool WalkWire(absl::string_view message,
              const google::protobuf::Descriptor& root,
              absl::FunctionRef<bool(const WireFinding&)> visit);

// Returns the reason for which readers refuse `fault`.
ErrorReason RefusalReason(WireFault fault);

// Returns the fault in words: "parts.value.3 is a field that the schema does
// not have".
std::string FaultText(const WireFinding& found);

// Returns whether the elements of `field`, of a root message, travel in
// batches. Repeated messages that are not map entries do.
bool TravelsInBatches(const google::protobuf::FieldDescriptor& field);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_WIRE_WALK_H_
