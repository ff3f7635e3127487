// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FUZZ_MUTATOR_HOOK_H_
#define DEVSTATE_FUZZ_MUTATOR_HOOK_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "fuzz/wire_mutator.h"

namespace devstate::fuzz {

// Does the work of LLVMFuzzerCustomMutator() with a mutator of inputs. Now and
// then the bytes are changed without it.
size_t MutateInput(uint8_t* data, size_t size, size_t max_size, uint32_t seed,
                   std::string (*mutate)(const std::string& input,
                                         Random& random,
                                         const ByteMutator& mutate_bytes));

}  // namespace devstate::fuzz

#endif  // DEVSTATE_FUZZ_MUTATOR_HOOK_H_
