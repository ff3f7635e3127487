// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Two schemas and a state. The input is the text of the older one, a line
// "====", and the text of the newer one. What is said of all states, what is
// said of one, and its conversion there and back never contradict each other.

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "devstate/compat/gate/pair_checker.h"
#include "devstate/compat/gate/random_schemas.h"
#include "devstate/schema/schema_check.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/stream_format.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace devstate {
namespace {

using ::devstate::fuzz::Promise;
using ::devstate::testing::MakeRandomPair;
using ::devstate::testing::PairChecker;
using ::devstate::testing::RandomPair;

constexpr char kBetween[] = "\n====\n";
constexpr size_t kBetweenSize = sizeof(kBetween) - 1;
constexpr int kStates = 2;

// Returns the version of a schema, 0 if the text is none.
uint32_t VersionOf(const std::string& text) {
  const absl::StatusOr<LoadedSchema> schema = ParseSchema("s.proto", text, {});
  return schema.ok() && CheckSchema(schema->model()).ok()
             ? schema->model().version()
             : 0;
}

void Run(const std::string& input) {
  const size_t between = input.find(kBetween);
  if (between == std::string::npos) return;
  const std::string older = input.substr(0, between);
  const std::string newer = input.substr(between + kBetweenSize);
  const uint32_t version = VersionOf(older);
  if (version == 0 || version >= VersionOf(newer)) return;
  std::mt19937 random(static_cast<uint32_t>(Checksum(input)));
  for (const bool upgrade : {true, false}) {
    PairChecker checker(upgrade ? older : newer, upgrade ? newer : older,
                        upgrade);
    for (int i = 0; i < kStates; ++i) {
      const std::string fault = checker.CheckRandom(&random, i % 2 == 0);
      Promise(fault.empty(), "no stream contradicts its schemas",
              absl::StrCat(upgrade ? "upgrade" : "downgrade", ": ", fault));
    }
  }
}

// Another pair, or the newer schema with other lines of both.
std::string Mutated(const std::string& input, uint32_t seed) {
  std::mt19937 random(seed);
  const size_t between = input.find(kBetween);
  if (random() % 2 == 0 || between == std::string::npos) {
    const RandomPair pair = MakeRandomPair(static_cast<uint32_t>(random()));
    return absl::StrCat(pair.older, kBetween, pair.newer);
  }
  const std::vector<std::string> all = absl::StrSplit(input, '\n');
  std::vector<std::string> newer =
      absl::StrSplit(input.substr(between + kBetweenSize), '\n');
  const std::string& line = all[random() % all.size()];
  const size_t at = random() % newer.size();
  switch (random() % 3) {
    case 0:
      newer.erase(newer.begin() + static_cast<ptrdiff_t>(at));
      break;
    case 1:
      newer.insert(newer.begin() + static_cast<ptrdiff_t>(at), line);
      break;
    default:
      newer[at] = line;
  }
  return absl::StrCat(input.substr(0, between), kBetween,
                      absl::StrJoin(newer, "\n"));
}

}  // namespace
}  // namespace devstate

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  if (seed % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string mutated = devstate::Mutated(
      std::string(reinterpret_cast<const char*>(data), size), seed);
  if (mutated.size() > max_size) return size;
  std::copy(mutated.begin(), mutated.end(), data);
  return mutated.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
