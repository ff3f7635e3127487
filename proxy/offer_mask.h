// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a front-end is offered of what a back-end offers, so that the back-end
// at a destination that has less can take the device.

#ifndef DEVSTATE_PROXY_OFFER_MASK_H_
#define DEVSTATE_PROXY_OFFER_MASK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "devstate/live.pb.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::proxy {

// The most that is offered. Default: all.
class OfferMask {
 public:
  // Takes away what a back-end with these capabilities has not. A number that
  // they do not have limits nothing.
  void Restrict(const BackendCapabilities& capabilities);

  // Takes what is not to be offered out of a reply of the back-end, or leaves
  // it as it is.
  void Apply(vhost_user::Message* reply) const;

  // Returns INVALID_ARGUMENT if the request acknowledges what was not to be
  // offered.
  absl::Status CheckAcknowledged(const vhost_user::Message& request) const;

 private:
  uint64_t features_ = UINT64_MAX;
  // A proxy passes no rounds on.
  uint64_t protocol_features_ = ~vhost_user::kProtocolFRounds;
  uint64_t queues_ = UINT64_MAX;
  uint64_t memory_slots_ = UINT64_MAX;
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_OFFER_MASK_H_
