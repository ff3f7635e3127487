// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The loops over all values of a column, apart from everything else so that the
// compiler can vectorize them. `Bits` is uint8_t, uint32_t or uint64_t.

#ifndef DEVSTATE_SERIALIZER_INTERNAL_COLUMN_LOOPS_H_
#define DEVSTATE_SERIALIZER_INTERNAL_COLUMN_LOOPS_H_

#include <cstddef>
#include <cstdint>

namespace devstate {

// In columns of bytes with exceptions: the number stands elsewhere.
inline constexpr uint8_t kByteException = 255;

// Smallest and largest value and how many differ from the one before. `count`
// is at least 1.
struct ValueRange {
  uint64_t min;
  uint64_t max;
  size_t changes;
};
template <typename Bits>
ValueRange MeasureRange(const Bits* values, size_t count);

// How many of the numbers value - min, and how many of the zigzagged
// differences between neighbours, are not below kByteException; and the
// latter's bits, all or'ed together.
struct ValueSteps {
  size_t wide_values;
  size_t wide_deltas;
  uint64_t delta_bits;
};
template <typename Bits>
ValueSteps MeasureSteps(const Bits* values, size_t count, uint64_t min);

// out[i] = values[i] - base, or kByteException where that is not less. Returns
// how often.
template <typename Bits>
size_t NarrowValues(const Bits* values, size_t count, Bits base, uint8_t* out);

// The same for the zigzagged differences; the first is 0.
template <typename Bits>
size_t NarrowDeltas(const Bits* values, size_t count, uint8_t* out);

// out[i] = base + values[i].
template <typename Bits>
void WidenValues(const uint8_t* values, size_t count, Bits base, Bits* out);

// Whether every byte is below 0x80.
bool AllAscii(const char* text, size_t size);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_COLUMN_LOOPS_H_
