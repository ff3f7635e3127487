// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes in hexadecimal digits, for tests.

#ifndef DEVSTATE_THIRD_PARTY_ABSL_COMPAT_HEX_BYTES_H_
#define DEVSTATE_THIRD_PARTY_ABSL_COMPAT_HEX_BYTES_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace devstate {

// Returns the bytes that pairs of digits stand for. Abseil's function of that
// name has other arguments since 2024, and the old ones are deprecated.
inline std::string HexBytes(absl::string_view digits) {
  const auto value = [](char digit) {
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
  };
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(
        static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1])));
  }
  return bytes;
}

}  // namespace devstate

#endif  // DEVSTATE_THIRD_PARTY_ABSL_COMPAT_HEX_BYTES_H_
