// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_PIECES_INFO_H_
#define DEVSTATE_SCHEMA_PIECES_INFO_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace devstate {

// The annotation `pieces` of a root's field, with the names looked up. Fields
// of records are given by their index among the record's fields in ascending
// order of number. The views are of the schema's storage.
struct PiecesInfo {
  // The field whose records are pieces, and the one whose records are owners.
  uint32_t field;
  absl::string_view name;
  uint32_t owners_field;
  absl::string_view owners_name;
  // Of a piece.
  uint16_t owner;
  uint16_t offset;
  uint16_t data;
  // Of an owner.
  uint16_t id;
  uint16_t size;
  // The most owners that there may be.
  uint64_t max_owners;
};

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_PIECES_INFO_H_
