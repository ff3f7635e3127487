// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Random pairs of schemas with random states: what is said of all states never
// contradicts what is said of one. DEVSTATE_PAIRS and DEVSTATE_SEED in the
// environment say how many pairs and from which seed on.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/compat/gate/pair_checker.h"
#include "devstate/compat/gate/random_schemas.h"
#include "devstate/schema/annotations.h"
#include "devstate/schema/schema_loader.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::MakeRandomPair;
using ::devstate::testing::PairChecker;
using ::devstate::testing::RandomPair;

constexpr uint32_t kDefaultPairs = 300;
constexpr uint32_t kDefaultSeed = 20261128;
constexpr int kStates = 5;

uint32_t FromEnvironment(const char* name, uint32_t fallback) {
  const char* text = std::getenv(name);
  uint32_t value;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : fallback;
}

bool IsSchema(const std::string& text) {
  const absl::StatusOr<LoadedSchema> schema = ParseSchema("s.proto", text, {});
  return schema.ok() && CheckAnnotations(schema->model()).ok();
}

// Returns what contradicts what; empty if nothing does.
std::string CheckPair(const RandomPair& pair, uint32_t seed, int* loaded,
                      int* refused) {
  std::mt19937 random(seed);
  for (const bool upgrade : {true, false}) {
    PairChecker checker(upgrade ? pair.older : pair.newer,
                        upgrade ? pair.newer : pair.older, upgrade);
    for (int i = 0; i < kStates; ++i) {
      const std::string fault = checker.CheckRandom(&random, i % 2 == 0);
      if (!fault.empty()) {
        return absl::StrCat(upgrade ? "upgrade" : "downgrade", ": ", fault);
      }
    }
    *loaded += checker.loaded();
    *refused += checker.refused();
  }
  return "";
}

TEST(RandomPairsTest, ThereAreEnoughKindsOfChange) {
  EXPECT_GE(testing::RandomChangeKinds(), 20);
}

TEST(RandomPairsTest, NoStreamContradictsItsSchemas) {
  const uint32_t pairs = FromEnvironment("DEVSTATE_PAIRS", kDefaultPairs);
  uint32_t seed = FromEnvironment("DEVSTATE_SEED", kDefaultSeed);
  uint32_t valid = 0;
  int loaded = 0;
  int refused = 0;
  int contradictions = 0;
  // A generated pair in four is no schema.
  const uint32_t limit = seed + 4 * pairs;
  for (; valid < pairs && seed != limit; ++seed) {
    const RandomPair pair = MakeRandomPair(seed);
    if (!IsSchema(pair.older) || !IsSchema(pair.newer)) continue;
    ++valid;
    const std::string fault = CheckPair(pair, seed, &loaded, &refused);
    if (fault.empty()) continue;
    ADD_FAILURE() << "DEVSTATE_SEED=" << seed << " DEVSTATE_PAIRS=1, "
                  << absl::StrJoin(pair.changes, ", ") << "\n"
                  << fault << "\n--- older\n"
                  << pair.older << "--- newer\n"
                  << pair.newer;
    if (++contradictions == 20) break;
  }
  EXPECT_GE(valid, pairs / 2);
  // Pairs that no state passes would prove nothing.
  if (pairs >= kDefaultPairs) {
    EXPECT_GT(loaded, static_cast<int>(pairs));
    EXPECT_GT(refused, static_cast<int>(pairs));
  }
  RecordProperty("pairs", static_cast<int>(valid));
  RecordProperty("loaded", loaded);
  RecordProperty("refused", refused);
  std::printf("%u pairs up to seed %u: %d streams loaded, %d refused\n", valid,
              seed, loaded, refused);
}

}  // namespace
}  // namespace devstate
