// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/internal/column_loops.h"

#include <algorithm>

#include "devstate/serializer/internal/varint.h"
#include "devstate/serializer/internal/vectorized.h"

namespace devstate {

template <typename Bits>
DEVSTATE_VECTORIZED ValueRange MeasureRange(const Bits* values, size_t count) {
  Bits min = values[0];
  Bits max = values[0];
  size_t changes = 0;
  for (size_t i = 1; i < count; ++i) {
    min = std::min(min, values[i]);
    max = std::max(max, values[i]);
    changes += values[i] != values[i - 1];
  }
  return {min, max, changes};
}

template <typename Bits>
DEVSTATE_VECTORIZED ValueSteps MeasureSteps(const Bits* values, size_t count,
                                            uint64_t min) {
  size_t wide_values = values[0] - min >= kByteException;
  size_t wide_deltas = 0;
  uint64_t delta_bits = 0;
  for (size_t i = 1; i < count; ++i) {
    const uint64_t zigzag =
        ZigZag(static_cast<int64_t>(uint64_t{values[i]} - values[i - 1]));
    delta_bits |= zigzag;
    wide_deltas += zigzag >= kByteException;
    wide_values += values[i] - min >= kByteException;
  }
  return {wide_values, wide_deltas, delta_bits};
}

template <typename Bits>
DEVSTATE_VECTORIZED size_t NarrowValues(const Bits* values, size_t count,
                                        Bits base, uint8_t* out) {
  size_t exceptions = 0;
  for (size_t i = 0; i < count; ++i) {
    const Bits value = static_cast<Bits>(values[i] - base);
    out[i] = static_cast<uint8_t>(std::min<Bits>(value, kByteException));
    exceptions += value >= kByteException;
  }
  return exceptions;
}

template <typename Bits>
DEVSTATE_VECTORIZED size_t NarrowDeltas(const Bits* values, size_t count,
                                        uint8_t* out) {
  size_t exceptions = 0;
  out[0] = 0;
  for (size_t i = 1; i < count; ++i) {
    const uint64_t zigzag =
        ZigZag(static_cast<int64_t>(uint64_t{values[i]} - values[i - 1]));
    out[i] = static_cast<uint8_t>(std::min<uint64_t>(zigzag, kByteException));
    exceptions += zigzag >= kByteException;
  }
  return exceptions;
}

template <typename Bits>
DEVSTATE_VECTORIZED void WidenValues(const uint8_t* values, size_t count,
                                     Bits base, Bits* out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = static_cast<Bits>(base + values[i]);
  }
}

DEVSTATE_VECTORIZED bool AllAscii(const char* text, size_t size) {
  unsigned char bits = 0;
  for (size_t i = 0; i < size; ++i) bits |= static_cast<unsigned char>(text[i]);
  return bits < 0x80;
}

template ValueRange MeasureRange(const uint8_t*, size_t);
template ValueRange MeasureRange(const uint32_t*, size_t);
template ValueRange MeasureRange(const uint64_t*, size_t);
template ValueSteps MeasureSteps(const uint8_t*, size_t, uint64_t);
template ValueSteps MeasureSteps(const uint32_t*, size_t, uint64_t);
template ValueSteps MeasureSteps(const uint64_t*, size_t, uint64_t);
template size_t NarrowValues(const uint8_t*, size_t, uint8_t, uint8_t*);
template size_t NarrowValues(const uint32_t*, size_t, uint32_t, uint8_t*);
template size_t NarrowValues(const uint64_t*, size_t, uint64_t, uint8_t*);
template size_t NarrowDeltas(const uint8_t*, size_t, uint8_t*);
template size_t NarrowDeltas(const uint32_t*, size_t, uint8_t*);
template size_t NarrowDeltas(const uint64_t*, size_t, uint8_t*);
template void WidenValues(const uint8_t*, size_t, uint8_t, uint8_t*);
template void WidenValues(const uint8_t*, size_t, uint32_t, uint32_t*);
template void WidenValues(const uint8_t*, size_t, uint64_t, uint64_t*);

}  // namespace devstate
