// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_RECOVERY_ORDERED_STORES_H_
#define DEVSTATE_RECOVERY_ORDERED_STORES_H_

#include <cstring>

namespace devstate::recovery {

// Stores numbers in shared memory one after the other. A process that is killed
// leaves those up to some store and none after it.
struct OrderedStores {
  // Requires: `at` is aligned for T, which has 1, 2, 4 or 8 bytes.
  template <typename T>
  static void Store(char* at, T value) {
    // Clang stores what may not be aligned, as structs of small members are not,
    // with a function of libatomic.
    struct alignas(sizeof(T)) Aligned {
      T value;
    };
    Aligned aligned{value};
    __atomic_store(reinterpret_cast<Aligned*>(at), &aligned, __ATOMIC_RELEASE);
  }
};

// Returns the T at a place.
template <typename T>
T LoadFrom(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

}  // namespace devstate::recovery

#endif  // DEVSTATE_RECOVERY_ORDERED_STORES_H_
