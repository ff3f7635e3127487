// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What can be wrong with a root message.

#ifndef DEVSTATE_SERIALIZER_WIRE_FAULT_H_
#define DEVSTATE_SERIALIZER_WIRE_FAULT_H_

#include <string>

#include "devstate/serializer/stream_messages.h"

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

// Returns whether readers take `fault`, which no writer makes.
inline bool IsTakenByReaders(WireFault fault) {
  return fault == WireFault::kTwice;
}

// Returns the reason for which readers refuse `fault`.
ErrorReason RefusalReason(WireFault fault);

// Returns the fault in words: "parts.value.3 is a field that the schema does
// not have".
std::string FaultText(const WireFinding& found);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_WIRE_FAULT_H_
