// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/rng/check_rng.h"

#include <vector>

#include "devices/rng/v1/rng.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rate_limiter.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::rng::v1::RngState;

constexpr DeviceRule kQuota = {
    "rng-quota", "More is left of a quota than there is.",
    "Save quota and rest at one moment, or leave the quota out."};

void Check(const RngState& state, BrokenRules* broken) {
  if (state.quota().remaining_bytes() > state.quota().max_bytes()) {
    broken->Add(kQuota, "quota.remaining_bytes",
                state.quota().remaining_bytes(), " bytes are left of ",
                state.quota().max_bytes());
  }
  virtio::CheckRateLimiter(state.rate_limiter(), broken);
  virtio::CheckRingsOf(state, 1, broken);
}

}  // namespace

const DeviceType& RngType() {
  static const auto& type = *new DeviceType{
      RngState::descriptor(),
      {},
      JoinRules({&kQuota}, {&virtio::RingRules(), &virtio::RateLimiterRules()}),
      &CheckAs<RngState, &Check>};
  return type;
}

}  // namespace devstate
