// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/mutator_hook.h"

#include <cstring>
#include <utility>

// Of libFuzzer, and of replay_main.cc.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace devstate::fuzz {
namespace {

// The bytes by which one change may lengthen.
constexpr size_t kRoom = 64;

std::string MutateBytes(std::string bytes) {
  const size_t size = bytes.size();
  bytes.resize(size + kRoom);
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size,
                                bytes.size()));
  return bytes;
}

}  // namespace

size_t MutateInput(uint8_t* data, size_t size, size_t max_size, uint32_t seed,
                   std::string (*mutate)(const std::string& input,
                                         Random& random,
                                         const ByteMutator& mutate_bytes)) {
  Random random(seed);
  if (Below(64, random) == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::string input(reinterpret_cast<const char*>(data), size);
  for (size_t changes = 1 + Below(3, random); changes > 0; --changes) {
    input = mutate(input, random, &MutateBytes);
  }
  if (input.size() > max_size) return size;
  std::memcpy(data, input.data(), input.size());
  return input.size();
}

}  // namespace devstate::fuzz
