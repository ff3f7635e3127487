// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_LITTLE_ENDIAN_H_
#define DEVSTATE_SERIALIZER_INTERNAL_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace devstate {

// Turns the bytes of `value` round on a big-endian processor.
template <typename T>
T SwapUnlessLittleEndian(T value) {
  static_assert(std::is_unsigned_v<T>);
  if constexpr (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) return value;
  uint64_t left = value;
  uint64_t swapped = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    swapped = swapped << 8 | (left & 0xff);
    left >>= 8;
  }
  return static_cast<T>(swapped);
}

template <typename T>
T LoadLittleEndian(const char* in) {
  T value;
  std::memcpy(&value, in, sizeof(value));
  return SwapUnlessLittleEndian(value);
}

// Loads a number of `width` bytes, at most 8.
inline uint64_t LoadLittleEndian(const char* in, size_t width) {
  uint64_t value = 0;
  std::memcpy(&value, in, width);
  return SwapUnlessLittleEndian(value);
}

template <typename T>
void StoreLittleEndian(char* out, T value) {
  value = SwapUnlessLittleEndian(value);
  std::memcpy(out, &value, sizeof(value));
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_LITTLE_ENDIAN_H_
