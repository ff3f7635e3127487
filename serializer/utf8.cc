// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/utf8.h"

#include <cstddef>
#include <cstdint>

namespace devstate {
namespace {

// The bytes that may follow the first byte of a sequence: how many there are,
// and the range of the first of them. From Table 3-7 of the Unicode standard.
struct Continuation {
  int count;
  uint8_t low;
  uint8_t high;
};

Continuation ContinuationOf(uint8_t first) {
  if (first < 0xc2) return {-1, 0, 0};
  if (first < 0xe0) return {1, 0x80, 0xbf};
  if (first == 0xe0) return {2, 0xa0, 0xbf};
  if (first == 0xed) return {2, 0x80, 0x9f};
  if (first < 0xf0) return {2, 0x80, 0xbf};
  if (first == 0xf0) return {3, 0x90, 0xbf};
  if (first < 0xf4) return {3, 0x80, 0xbf};
  if (first == 0xf4) return {3, 0x80, 0x8f};
  return {-1, 0, 0};
}

}  // namespace

bool IsValidUtf8(absl::string_view text) {
  size_t i = 0;
  const auto byte = [&text](size_t at) {
    return static_cast<uint8_t>(text[at]);
  };
  while (i < text.size()) {
    if (byte(i) < 0x80) {
      ++i;
      continue;
    }
    const Continuation next = ContinuationOf(byte(i));
    if (next.count < 0 ||
        text.size() - i - 1 < static_cast<size_t>(next.count)) {
      return false;
    }
    if (byte(i + 1) < next.low || byte(i + 1) > next.high) return false;
    for (int k = 2; k <= next.count; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    i += static_cast<size_t>(next.count) + 1;
  }
  return true;
}

}  // namespace devstate
