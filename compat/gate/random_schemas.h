// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_RANDOM_SCHEMAS_H_
#define DEVSTATE_COMPAT_GATE_RANDOM_SCHEMAS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace devstate {
namespace testing {

// Two successive versions of a schema, as text.
struct RandomPair {
  std::string older;
  std::string newer;
  // The changes in words.
  std::vector<std::string> changes;
};

// Returns a pair of schemas with fields in the root, in records, in messages of
// both and in a map. The newer one has one to four changes. The same seed gives
// the same pair. Not every one is a valid schema, because a change can break
// what another one declared.
RandomPair MakeRandomPair(uint32_t seed);

// Returns how many kinds of change there are.
int RandomChangeKinds();

}  // namespace testing
}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_RANDOM_SCHEMAS_H_
