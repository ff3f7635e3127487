// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FUZZ_PROMISE_H_
#define DEVSTATE_FUZZ_PROMISE_H_

#include <cstdio>
#include <cstdlib>
#include <string>

namespace devstate::fuzz {

// Ends the process if a promise does not hold. `promise` says which, `seen`
// what was seen instead.
inline void Promise(bool holds, const char* promise,
                    const std::string& seen = "") {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n%s\n", promise, seen.c_str());
  std::abort();
}

}  // namespace devstate::fuzz

#endif  // DEVSTATE_FUZZ_PROMISE_H_
