// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_PIECE_SEQUENCE_H_
#define DEVSTATE_SERIALIZER_PIECE_SEQUENCE_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace devstate {

// What is wrong with a value in pieces.
struct PieceFault {
  enum class Kind {
    kNone,
    // A piece is of a value that no owner has, or an owner occurs twice.
    kOwner,
    // Pieces overlap, leave a gap, are empty or do not stand together.
    kOrder,
    // The pieces are not as long as the owner says.
    kSize,
  };

  bool ok() const { return kind == Kind::kNone; }

  Kind kind = Kind::kNone;
  // What is there, and what was expected. Empty if nothing is wrong.
  std::string text;
};

// Follows the pieces of the values of one field, for the annotation `pieces` of
// proto/devstate/options.proto. Takes up to 64 bytes of memory for each value
// that is not empty. Thread-safety: none.
class PieceSequence {
 public:
  // Refuses more owners than `max_owners`. Default: no limit.
  explicit PieceSequence(uint64_t max_owners = UINT64_MAX)
      : max_owners_(max_owners) {}

  // Declares the value of an owner. Requires: no piece was added.
  PieceFault Declare(uint64_t owner, uint64_t size);

  // Adds the next piece. After a fault it goes on from this piece.
  PieceFault Add(uint64_t owner, uint64_t offset, uint64_t length);

  // Judges what only all pieces together show.
  PieceFault Finish() const;

 private:
  struct Value {
    uint64_t size = 0;
    bool begun = false;
  };

  // Returns the fault of the value under way, which ends here.
  PieceFault EndOfValue() const;

  const uint64_t max_owners_;
  uint64_t owners_ = 0;
  // The values that are not empty.
  absl::flat_hash_map<uint64_t, Value> values_;
  // The value under way, if there is one: its owner, and where it ends so far.
  bool begun_ = false;
  uint64_t owner_ = 0;
  uint64_t end_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_PIECE_SEQUENCE_H_
