// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/opaque/check_opaque.h"

#include <vector>

#include "absl/strings/escaping.h"

namespace devstate {
namespace {

using ::devices::opaque::v1::OpaqueState;
using ::devices::virtio::v1::Piece;

constexpr DeviceRule kPiece = {
    "opaque-piece",
    "A piece of an opaque state does not go on where the one before ends.",
    "Write the bytes from first to last, at most 256 KiB a piece, with owner "
    "0."};
constexpr DeviceRule kSize = {
    "opaque-size", "The pieces of an opaque state are not as long as it says.",
    "Save size and pieces of the state at one moment."};
constexpr DeviceRule kDigest = {
    "opaque-digest",
    "The bytes of an opaque state are not those of its digest.",
    "Save again. The program that made the envelope has changed them."};

void Check(const OpaqueState& state, BrokenRules* broken) {
  OpaqueCheck check(state, broken);
  for (const Piece& piece : state.pieces()) {
    check.AddPiece(piece.owner(), piece.offset(), piece.data());
  }
  check.Finish();
}

}  // namespace

void OpaqueCheck::AddPiece(uint64_t owner, uint64_t offset,
                           absl::string_view data) {
  if (owner != 0 || offset != end_ || data.empty()) {
    broken_.Add(kPiece, PlaceOf("pieces", pieces_), "it has ", data.size(),
                " bytes from ", offset, " of owner ", owner,
                ", expected some from ", end_, " of owner 0");
  }
  ++pieces_;
  end_ += data.size();
  hash_.Add(data);
}

void OpaqueCheck::Finish() {
  if (end_ != state_.size()) {
    broken_.Add(kSize, "size", "it is ", state_.size(), ", and there are ",
                end_, " bytes");
  }
  const std::string digest = absl::BytesToHexString(hash_.Finish());
  if (digest != state_.sha256()) {
    broken_.Add(kDigest, "sha256", "it is ", state_.sha256(),
                ", that of the bytes is ", digest);
  }
}

const DeviceType& OpaqueType() {
  static const auto& type = *new DeviceType{OpaqueState::descriptor(),
                                            {},
                                            {&kPiece, &kSize, &kDigest},
                                            &CheckAs<OpaqueState, &Check>};
  return type;
}

}  // namespace devstate
