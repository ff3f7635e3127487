// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/virtio/check_pieces.h"

#include <optional>
#include <set>

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

}  // namespace

void CheckPieces(
    absl::string_view field,
    const google::protobuf::RepeatedPtrField<::devices::virtio::v1::Piece>&
        pieces,
    const std::map<uint64_t, uint64_t>& sizes, BrokenRules* broken) {
  std::set<uint64_t> seen;
  std::optional<uint64_t> owner;
  uint64_t end = 0;
  size_t last = 0;
  const auto finish_value = [&] {
    if (!owner.has_value()) return;
    const auto size = sizes.find(*owner);
    if (size != sizes.end() && size->second != end) {
      broken->Add(kPieceSize, PlaceOf(field, last), "the value of ", *owner,
                  " ends at ", end, ", its size is ", size->second);
    }
  };
  for (int i = 0; i < pieces.size(); ++i) {
    const ::devices::virtio::v1::Piece& piece = pieces[i];
    if (owner != piece.owner()) {
      finish_value();
      owner = piece.owner();
      end = 0;
      if (sizes.count(*owner) == 0) {
        broken->Add(kPieceOwner, PlaceOf(field, i), "nothing has id ", *owner);
      }
      if (!seen.insert(*owner).second) {
        broken->Add(kPieceOrder, PlaceOf(field, i), "the value of ", *owner,
                    " goes on after another one");
      }
    }
    if (piece.data().empty()) {
      broken->Add(kPieceOrder, PlaceOf(field, i), "it is empty");
    }
    if (piece.offset() != end) {
      broken->Add(kPieceOrder, PlaceOf(field, i), "it begins at ",
                  piece.offset(), ", and the one before ends at ", end);
    }
    end = piece.offset() + piece.data().size();
    last = i;
  }
  finish_value();
  for (const auto& [id, size] : sizes) {
    if (size != 0 && seen.count(id) == 0) {
      broken->Add(kPieceSize, std::string(field), "the value of ", id,
                  " has no piece, its size is ", size);
    }
  }
}

const std::vector<const DeviceRule*>& PieceRules() {
  static const auto& all = *new std::vector<const DeviceRule*>{
      &kPieceOwner, &kPieceOrder, &kPieceSize};
  return all;
}

}  // namespace devstate::virtio
