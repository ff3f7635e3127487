// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_QEMU_TEST_ELEMENTS_H_
#define DEVSTATE_FOREIGN_STATES_QEMU_TEST_ELEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "devstate/foreign/states/qemu/rings.h"

namespace devstate::qemu::testing {

// The size of a request in flight, whose pieces {address, length} to the device
// are at kOutPieces.
inline constexpr size_t kElement = 49168;
inline constexpr size_t kOutPieces = size_t{16} + 2 * 1024 * 8 + 1024 * 16;

// Puts a little-endian number of 32 bits into `bytes`.
inline void PutNumber(size_t at, uint32_t number, std::string* bytes) {
  for (size_t i = 0; i < 4; ++i) {
    (*bytes)[at + i] = static_cast<char>(number >> (8 * i));
  }
}

// Returns a request of so many pieces to the device and from it.
inline Element MakeElement(uint32_t head, uint32_t out, uint32_t in) {
  Element element{std::string(kElement, '\0')};
  PutNumber(0, head, &element.bytes);
  PutNumber(4, out, &element.bytes);
  PutNumber(8, in, &element.bytes);
  return element;
}

}  // namespace devstate::qemu::testing

#endif  // DEVSTATE_FOREIGN_STATES_QEMU_TEST_ELEMENTS_H_
