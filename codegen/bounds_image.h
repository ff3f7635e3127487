// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Bounds as the numbers that generated tables hold (BoundsEntry in
// serializer/record_table.h, devstate_bounds in backend/c/devstate_table.h).

#ifndef DEVSTATE_CODEGEN_BOUNDS_IMAGE_H_
#define DEVSTATE_CODEGEN_BOUNDS_IMAGE_H_

#include <cstdint>
#include <string>

#include "devstate/schema/column_bounds.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// The lowest and the highest value that `bounds`, of `field`, allow: integers
// extended to 64 bits, or the bits of a float or a double.
uint64_t LowImage(const FieldModel& field, const ColumnBounds& bounds);
uint64_t HighImage(const FieldModel& field, const ColumnBounds& bounds);

// Such a number as a literal of C and C++.
std::string ImageLiteral(uint64_t image);

// The values of `bounds`, which are a list, as literals with commas between.
std::string ListLiteral(const ColumnBounds& bounds);

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_BOUNDS_IMAGE_H_
