// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_PRESENCE_H_
#define DEVSTATE_SCHEMA_PRESENCE_H_

#include <cstdint>

namespace devstate {

// What a state can tell of a field.
enum class Presence : uint8_t {
  // A scalar at its zero cannot be told from an absent one.
  kImplicit,
  // Optional scalars, messages, members of a oneof.
  kExplicit,
  kRepeated,
  // A repeated entry message with the fields key and value.
  kMap,
};

// How often a field occurs in a record.
enum class Cardinality : uint8_t {
  // Always: without presence.
  kOne,
  // Once at most: with presence.
  kOptional,
  // Any number of times: repeated fields and maps.
  kRepeated,
};

constexpr Cardinality CardinalityOf(Presence presence) {
  return presence == Presence::kImplicit   ? Cardinality::kOne
         : presence == Presence::kExplicit ? Cardinality::kOptional
                                           : Cardinality::kRepeated;
}

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_PRESENCE_H_
