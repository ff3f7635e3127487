// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FUZZ_WIRE_MUTATOR_H_
#define DEVSTATE_FUZZ_WIRE_MUTATOR_H_

#include <functional>
#include <random>
#include <string>

namespace devstate::fuzz {

// Its engine gives the same numbers with every library, the distributions of
// <random> do not.
using Random = std::mt19937_64;

// Changes bytes. It may make them longer by a few.
using ByteMutator = std::function<std::string(std::string bytes)>;

// Returns a number below `limit`. Requires: `limit` is not 0.
inline size_t Below(size_t limit, Random& random) { return random() % limit; }

// Returns a number at the edge of a type, or near `old`.
uint64_t MutateNumber(uint64_t old, Random& random);

// Changes one thing in a serialized protobuf message, at any depth: a number,
// the bytes of a field by `mutate`, which fields there are. The lengths around
// it stay right. Bytes that are no message go to `mutate`.
std::string MutateWire(const std::string& message, Random& random,
                       const ByteMutator& mutate);

}  // namespace devstate::fuzz

#endif  // DEVSTATE_FUZZ_WIRE_MUTATOR_H_
