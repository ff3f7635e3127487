// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_RECOVERY_INFLIGHT_TEST_UTIL_H_
#define DEVSTATE_RECOVERY_INFLIGHT_TEST_UTIL_H_

#include <climits>
#include <cstddef>
#include <cstring>
#include <vector>

namespace devstate::recovery {

// Ends a process between two stores: those after the first `left` are lost.
struct CutStores {
  static inline int left = INT_MAX;

  template <typename T>
  static void Store(char* at, T value) {
    if (left == 0) return;
    --left;
    std::memcpy(at, &value, sizeof(value));
  }
};

// Memory with the alignment of a mapping.
class AlignedMemory {
 public:
  explicit AlignedMemory(size_t size) : words_(size / sizeof(words_[0])) {}

  char* bytes() { return reinterpret_cast<char*>(words_.data()); }
  size_t size() const { return words_.size() * sizeof(words_[0]); }

 private:
  std::vector<unsigned long long> words_;
};

// Calls `run` with each sequence of `length` numbers below `choices`.
template <typename Run>
void ForEachSequence(int length, int choices, Run run) {
  std::vector<int> sequence(length);
  while (true) {
    run(sequence);
    int digit = 0;
    while (digit < length && ++sequence[digit] == choices)
      sequence[digit++] = 0;
    if (digit == length) return;
  }
}

}  // namespace devstate::recovery

#endif  // DEVSTATE_RECOVERY_INFLIGHT_TEST_UTIL_H_
