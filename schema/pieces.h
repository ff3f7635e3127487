// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_PIECES_H_
#define DEVSTATE_SCHEMA_PIECES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/schema/pieces_info.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// The bytes that a piece may have.
inline constexpr uint64_t kMaxPieceBytes = 256 * 1024;

// Returns what the annotation `pieces` of `field`, a field of any message of
// `schema`, says. INVALID_ARGUMENT, with its place, if that makes no sense. The
// views are into `schema`.
absl::StatusOr<PiecesInfo> FindPieces(const SchemaModel& schema,
                                      const FieldModel& field);

// Returns what the annotations `pieces` of the root's fields say, in ascending
// order of field, without those that make no sense. The views are into
// `schema`.
std::vector<PiecesInfo> PiecesOf(const SchemaModel& schema);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_PIECES_H_
