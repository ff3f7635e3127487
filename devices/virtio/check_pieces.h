// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_VIRTIO_CHECK_PIECES_H_
#define DEVSTATE_DEVICES_VIRTIO_CHECK_PIECES_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/strings/string_view.h"
#include "devices/virtio/v1/piece.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "google/protobuf/repeated_field.h"

namespace devstate::virtio {

// Checks the pieces of the root's field `field`. Those of a value stand
// together and are contiguous from 0, and `sizes` has the size of the value of
// each owner. A size of 0 is a value without pieces.
void CheckPieces(
    absl::string_view field,
    const google::protobuf::RepeatedPtrField<::devices::virtio::v1::Piece>&
        pieces,
    const std::map<uint64_t, uint64_t>& sizes, BrokenRules* broken);

// The rules of CheckPieces().
const std::vector<const DeviceRule*>& PieceRules();

}  // namespace devstate::virtio

#endif  // DEVSTATE_DEVICES_VIRTIO_CHECK_PIECES_H_
