// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Little-endian numbers in memory that another process reads or writes at the
// same time.

#ifndef DEVSTATE_TRANSPORT_VIRTQUEUE_SHARED_NUMBER_H_
#define DEVSTATE_TRANSPORT_VIRTQUEUE_SHARED_NUMBER_H_

#include <endian.h>

#include <cstdint>

namespace devstate::virtqueue {

// Loads a number. What was stored before it was stored so is seen from then on.
// Requires: `at` is aligned for it.
inline uint16_t LoadShared16(const char* at) {
  return le16toh(
      __atomic_load_n(reinterpret_cast<const uint16_t*>(at), __ATOMIC_ACQUIRE));
}

// Stores a number after everything that this thread has stored before.
// Requires: `at` is aligned for it.
inline void StoreShared16(char* at, uint16_t value) {
  __atomic_store_n(reinterpret_cast<uint16_t*>(at), htole16(value),
                   __ATOMIC_RELEASE);
}

}  // namespace devstate::virtqueue

#endif  // DEVSTATE_TRANSPORT_VIRTQUEUE_SHARED_NUMBER_H_
