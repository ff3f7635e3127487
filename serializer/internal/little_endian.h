// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_LITTLE_ENDIAN_H_
#define DEVSTATE_SERIALIZER_INTERNAL_LITTLE_ENDIAN_H_

#include <cstring>

namespace devstate {

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "devstate's serializer is written for little-endian processors"
#endif

template <typename T>
T LoadLittleEndian(const char* in) {
  T value;
  std::memcpy(&value, in, sizeof(value));
  return value;
}

template <typename T>
void StoreLittleEndian(char* out, T value) {
  std::memcpy(out, &value, sizeof(value));
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_LITTLE_ENDIAN_H_
