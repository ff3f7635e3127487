// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/virtio/check_pieces.h"

#include <string>
#include <utility>

#include "devstate/serializer/piece_sequence.h"

namespace devstate::virtio {
namespace {

constexpr DeviceRule kPieceOwner = {
    "piece-owner", "A piece is of a value that nothing has.",
    "Save the owner of each value, and drop the values of owners that are "
    "gone."};
constexpr DeviceRule kPieceOrder = {
    "piece-order",
    "Pieces of a value overlap, leave a gap, are empty or do not stand "
    "together.",
    "Write a value from its begin to its end, at most 256 KiB a piece, before "
    "the next value."};
constexpr DeviceRule kPieceSize = {
    "piece-size", "The pieces of a value are not as long as its owner says.",
    "Save size and pieces of a value at one moment."};

const DeviceRule& RuleOf(PieceFault::Kind kind) {
  switch (kind) {
    case PieceFault::Kind::kOwner:
      return kPieceOwner;
    case PieceFault::Kind::kSize:
      return kPieceSize;
    case PieceFault::Kind::kNone:
    case PieceFault::Kind::kOrder:
      break;
  }
  return kPieceOrder;
}

}  // namespace

void CheckPieces(
    absl::string_view field,
    const google::protobuf::RepeatedPtrField<::devices::virtio::v1::Piece>&
        pieces,
    const std::map<uint64_t, uint64_t>& sizes, BrokenRules* broken) {
  PieceSequence sequence;
  for (const auto& [owner, size] : sizes) {
    // A map has each owner once.
    sequence.Declare(owner, size);
  }
  const auto add = [broken](const PieceFault& fault, std::string place) {
    if (fault.ok()) return;
    broken->Add(RuleOf(fault.kind), std::move(place), fault.text);
  };
  for (int i = 0; i < pieces.size(); ++i) {
    const ::devices::virtio::v1::Piece& piece = pieces[i];
    add(sequence.Add(piece.owner(), piece.offset(), piece.data().size()),
        PlaceOf(field, i));
  }
  add(sequence.Finish(), std::string(field));
}

const std::vector<const DeviceRule*>& PieceRules() {
  static const auto& all = *new std::vector<const DeviceRule*>{
      &kPieceOwner, &kPieceOrder, &kPieceSize};
  return all;
}

}  // namespace devstate::virtio
