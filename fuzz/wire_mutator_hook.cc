// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For targets whose input is a protobuf message.

#include "fuzz/mutator_hook.h"
#include "fuzz/wire_mutator.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  return devstate::fuzz::MutateInput(data, size, max_size, seed,
                                     &devstate::fuzz::MutateWire);
}
