// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The primitives of protobuf's wire format.

#ifndef DEVSTATE_SERIALIZER_INTERNAL_VARINT_H_
#define DEVSTATE_SERIALIZER_INTERNAL_VARINT_H_

#include <cstddef>
#include <cstdint>

namespace devstate {

inline constexpr uint32_t kWireVarint = 0;
inline constexpr uint32_t kWireFixed64 = 1;
inline constexpr uint32_t kWireLength = 2;
inline constexpr uint32_t kWireFixed32 = 5;

inline constexpr size_t kMaxVarintSize = 10;

inline size_t VarintSize(uint64_t value) {
  // 64 - clz gives the bits in use, 9/64 is a little above 1/7.
  return static_cast<size_t>((64 - __builtin_clzll(value | 1)) * 9 + 64) / 64;
}

// Writes at most kMaxVarintSize bytes and returns how many.
inline size_t EncodeVarint(uint64_t value, char* out) {
  size_t size = 0;
  while (value >= 0x80) {
    out[size++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out[size++] = static_cast<char>(value);
  return size;
}

// Returns the first byte after the varint at `in`, or nullptr if it does not
// end before `end` or does not fit 64 bits.
inline const char* DecodeVarint(const char* in, const char* end,
                                uint64_t* value) {
  uint64_t result = 0;
  for (int shift = 0; shift < 64 && in != end; shift += 7) {
    const uint64_t byte = static_cast<unsigned char>(*in++);
    if (shift == 63 && byte > 1) return nullptr;
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = result;
      return in;
    }
  }
  return nullptr;
}

constexpr uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^
         static_cast<uint64_t>(value >> 63);
}
constexpr int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_VARINT_H_
