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

// The byte that says that the number stands elsewhere, in columns of bytes with
// exceptions.
inline constexpr uint8_t kByteException = 255;

// The smallest and the largest value, and how many differ from the one before.
// `count` is at least 1.
struct ValueRange {
  uint64_t min;
  uint64_t max;
  size_t changes;
};
template <typename Bits>
ValueRange MeasureRange(const Bits* values, size_t count);

// The number of values whose distance from the minimum is not below
// kByteException, and the number of zigzagged differences between neighbours of
// which the same is true. Also the bits of these differences, or'ed together.
struct ValueSteps {
  size_t wide_values;
  size_t wide_deltas;
  uint64_t delta_bits;
};
template <typename Bits>
ValueSteps MeasureSteps(const Bits* values, size_t count, uint64_t min);

// Sets out[i] to values[i] - base, or to kByteException where that is not less.
// Returns how often that was so.
template <typename Bits>
size_t NarrowValues(const Bits* values, size_t count, Bits base, uint8_t* out);

// Does the same for the zigzagged differences; the first is 0.
template <typename Bits>
size_t NarrowDeltas(const Bits* values, size_t count, uint8_t* out);

// Sets out[i] to base + values[i].
template <typename Bits>
void WidenValues(const uint8_t* values, size_t count, Bits base, Bits* out);

// Returns whether every byte is below 0x80.
bool AllAscii(const char* text, size_t size);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_COLUMN_LOOPS_H_
