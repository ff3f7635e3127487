// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FUZZ_STREAM_MUTATOR_H_
#define DEVSTATE_FUZZ_STREAM_MUTATOR_H_

#include <string>

#include "fuzz/wire_mutator.h"

namespace devstate::fuzz {

// Changes one thing in a stream and makes right again what follows from it, so
// that most results pass the checksums: a chunk's payload as a message or as
// bytes, the header, the trailer, the order of the chunks, the numbers of a
// chunk's header. Some results are left with a number that is wrong.
std::string MutateStream(const std::string& stream, Random& random,
                         const ByteMutator& mutate);

}  // namespace devstate::fuzz

#endif  // DEVSTATE_FUZZ_STREAM_MUTATOR_H_
