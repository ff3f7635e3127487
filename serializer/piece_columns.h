// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_PIECE_COLUMNS_H_
#define DEVSTATE_SERIALIZER_PIECE_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "devstate/schema/pieces_info.h"
#include "devstate/serializer/column.h"
#include "devstate/serializer/piece_sequence.h"

namespace devstate {

// Checks the values in pieces of a state, batch by batch, as columns have them.
// Thread-safety: none.
class PieceColumns {
 public:
  // Requires: `pieces` outlives the object.
  explicit PieceColumns(absl::Span<const PiecesInfo> pieces);

  // Returns the numbers of a column of the batch, by the index of its field.
  using Stored =
      absl::FunctionRef<NumbersView(size_t index, BoundsEntry::Column column)>;

  // Looks at a batch of `count` records of `field`. The batches come in
  // ascending order of field. Returns what is wrong, with its place
  // ("pixels[3]: it is empty"); empty if nothing is.
  std::string OnBatch(uint32_t field, size_t count, Stored stored);

  // Returns what is wrong with all of them together, in the same words.
  std::string Finish() const;

 private:
  struct Field {
    const PiecesInfo* info;
    PieceSequence sequence;
    uint64_t owners = 0;
    uint64_t pieces = 0;
  };

  std::string OnOwners(size_t count, Stored stored, Field* field);
  std::string OnPieces(size_t count, Stored stored, Field* field);

  std::vector<Field> fields_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_PIECE_COLUMNS_H_
