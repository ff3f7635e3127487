// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A network device of crosvm, whose settings are in the tap.

#include <cstdint>

#include "devices/net/v1/net.pb.h"
#include "devstate/devices/net/check_net.h"
#include "devstate/foreign/device_findings.h"
#include "devstate/foreign/states/crosvm/crosvm_type.h"

namespace devstate::crosvm {
namespace {

using ::devices::net::v1::NetState;

constexpr int kCtrlGuestOffloads = 2;
constexpr int kMq = 22;

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  auto& state = static_cast<NetState&>(*message);
  state.set_acked_features(saved.acked_features);
  auto& config = *state.mutable_config();
  if (saved.Has(kMq) && saved.queues > 2) {
    // The one without a partner is for control. crosvm serves all pairs
    // whatever the driver has said.
    const uint32_t pairs = saved.queues / 2;
    config.set_max_virtqueue_pairs(pairs);
    state.set_active_queue_pairs(pairs);
  }
  if (saved.Has(kCtrlGuestOffloads) && !state.has_guest_offloads()) {
    AddLoss(findings, "guest_offloads",
            "crosvm does not save what the driver has switched off: all that "
            "were negotiated are on, unless --add 'guest_offloads: BITS' says "
            "which");
  }
  *state.mutable_vrings() = saved.vrings;
  return absl::OkStatus();
}

}  // namespace

const CrosvmType& CrosvmNet() {
  static const auto& type =
      *new CrosvmType{/*name=*/"net",
                      /*schema=*/"devices.net.v1",
                      /*backend_keys=*/{"acked_feature"},
                      /*inner_keys=*/{"acked_features", "avail_features"},
                      &NetState::default_instance(),
                      &NetType(),
                      Read};
  return type;
}

}  // namespace devstate::crosvm
