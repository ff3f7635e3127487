// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_PIECE_WRITER_H_
#define DEVSTATE_SERIALIZER_PIECE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace devstate {

// Writes one value in pieces: Append() its bytes in spans of any size, and
// Finish(). All pieces but the last are of the same size, so that the same
// value is the same pieces. Copies only what is less than a piece, and the last
// pieces of a span. Takes memory for one piece. After an error every call
// returns it again. Thread-safety: none.
class PieceWriter {
 public:
  // Takes the piece that begins at `offset` of the value.
  using AddPiece =
      std::function<absl::Status(uint64_t offset, absl::string_view data)>;

  // Says whether the data of pieces that are added from now on stays as it is
  // until a call with false.
  using SetLasting = std::function<void(bool lasting)>;

  // `piece_bytes` is the size of a piece, above 0.
  PieceWriter(size_t piece_bytes, AddPiece add, SetLasting set_lasting)
      : piece_bytes_(piece_bytes),
        add_(std::move(add)),
        set_lasting_(std::move(set_lasting)) {}

  // `span` must not change before it returns, and may afterwards. Long spans,
  // with chunks that are stored raw, come to the sink without a copy.
  absl::Status Append(absl::string_view span);

  // Writes what is left. FAILED_PRECONDITION, then and later, for a value that
  // is finished already.
  absl::Status Finish();

 private:
  absl::Status Write(absl::string_view piece);
  // Writes all of `span` but what is less than a piece.
  absl::Status WriteWhole(absl::string_view span);

  const size_t piece_bytes_;
  const AddPiece add_;
  const SetLasting set_lasting_;
  uint64_t offset_ = 0;
  std::string rest_;
  absl::Status status_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_PIECE_WRITER_H_
