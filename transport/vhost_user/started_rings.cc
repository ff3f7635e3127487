// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/started_rings.h"

#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

void StartedRings::Note(uint32_t request, absl::string_view payload) {
  switch (request) {
    case kSetVringKick:
      if (payload.size() < sizeof(uint64_t)) return;
      started_.set(ReadU64(payload, 0) & kVringIndexMask);
      break;
    case kGetVringBase:
    case kGetVringBaseSkipDrain: {
      if (payload.size() < sizeof(uint32_t)) return;
      const uint32_t ring = ReadU32(payload, 0);
      if (ring < kMaxRings) started_.reset(ring);
      break;
    }
    case kResetOwner:
    case kResetDevice:
      started_.reset();
      break;
    default:
      break;
  }
}

}  // namespace devstate::vhost_user
