// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_RECORD_SIZE_H_
#define DEVSTATE_SCHEMA_RECORD_SIZE_H_

#include <cstddef>

#include "devstate/schema/schema_model.h"

namespace devstate {

// Returns sizeof of the generated …Row of `record`, and of one element of a
// repeated `field`, with a 64-bit C++ compiler. Memory limits and the ends of
// batches follow from it, so whoever has no generated code must know it as
// well. The messages must not contain themselves.
size_t RowSize(const MessageModel& record);
size_t ElementSize(const FieldModel& field);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_RECORD_SIZE_H_
