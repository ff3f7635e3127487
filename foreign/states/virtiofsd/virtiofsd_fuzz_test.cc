// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The fuzz target on its corpus, and on what a few changes make of it.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "devstate/foreign/states/virtiofsd/random_states.h"
#include "devstate/foreign/states/virtiofsd/test_states.h"
#include "gtest/gtest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace devstate::virtiofsd::testing {
namespace {

void RunTarget(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()),
                         input.size());
}

std::vector<std::string> Corpus() {
  std::vector<std::string> corpus;
  for (const std::string& name : FixtureNames()) {
    corpus.push_back(ReadFixture(name));
    EXPECT_FALSE(corpus.back().empty()) << name;
  }
  for (uint64_t seed = 1; seed < 12; ++seed) {
    corpus.push_back(RandomState(seed).Encode());
  }
  return corpus;
}

std::string Mutated(std::string bytes, const std::vector<std::string>& corpus,
                    std::mt19937_64& random) {
  for (uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
    const size_t at = random() % (bytes.size() + 1);
    const std::string& other = corpus[random() % corpus.size()];
    switch (random() % 5) {
      case 0:
        if (at < bytes.size())
          bytes[at] ^= static_cast<char>(1 << random() % 8);
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random());
        break;
      case 2:
        bytes.erase(at, 1 + random() % 8);
        break;
      case 3:
        bytes.insert(at, 1 + random() % 8, static_cast<char>(random()));
        break;
      default:
        bytes = bytes.substr(0, at) + other.substr(random() % other.size());
    }
  }
  return bytes;
}

TEST(VirtiofsdFuzzTest, CorpusAndItsPortableStreamsPass) {
  for (const std::string& state : Corpus()) {
    RunTarget(state);
    RunTarget(Import(state).bytes);
  }
}

TEST(VirtiofsdFuzzTest, MutationsOfTheCorpusPass) {
  const std::vector<std::string> corpus = Corpus();
  std::mt19937_64 random(736);
  for (int i = 0; i < 10000; ++i) {
    RunTarget(Mutated(corpus[random() % corpus.size()], corpus, random));
  }
}

}  // namespace
}  // namespace devstate::virtiofsd::testing
