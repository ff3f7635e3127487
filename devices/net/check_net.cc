// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/net/check_net.h"

#include <cstdint>

#include "absl/status/status.h"
#include "devices/net/v1/net.pb.h"
#include "devstate/devices/net/check_model.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/devices/net/net_model.h"
#include "devstate/devices/net/root_message.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::net::v1::NetState;

constexpr DeviceRule kState = {
    "net-state", "No device could have come into this state.",
    "Save features, configuration and settings at one moment, as the driver "
    "left them."};

constexpr DeviceRule kReceiveMode = {
    "net-receive-mode",
    "The driver can set the receive mode, and the state does not say which it "
    "is.",
    "Save receive_mode if VIRTIO_NET_F_CTRL_RX was negotiated. Devices differ "
    "in what they receive after a reset."};

absl::Status CheckState(const NetState& state, BrokenRules* broken) {
  net::NetModel model;
  if (absl::Status read = net::FromRootMessage(state, &model); !read.ok()) {
    return read;
  }
  if ((state.acked_features() & net::kNetCtrlRx) != 0 &&
      !model.receive_mode.has_value()) {
    broken->Add(kReceiveMode, "receive_mode",
                "it is absent, and so is promisc_after_reset");
    // The other rules are looked at all the same.
    model.receive_mode.emplace();
  }
  model.rings = virtio::RingsOf(state.vrings(), broken);
  model.requests = virtio::BuffersOf(state.inflight());
  for (const auto& queue : state.queue_coalescing()) {
    model.queue_coalescing.push_back(
        {queue.vring(),
         {queue.coalescing().max_packets(), queue.coalescing().max_delay()}});
  }
  return net::CheckModel(model, net::kAnyDevice);
}

void Check(const NetState& state, BrokenRules* broken) {
  if (const absl::Status checked = CheckState(state, broken); !checked.ok()) {
    broken->Add(kState, "", checked.message());
  }
}

}  // namespace

const DeviceType& NetType() {
  static const auto& type = *new DeviceType{
      NetState::descriptor(),
      {{"VIRTIO_NET_F_CTRL_GUEST_OFFLOADS", 2},
       {"VIRTIO_NET_F_MTU", 3},
       {"VIRTIO_NET_F_MAC", 5},
       {"VIRTIO_NET_F_STATUS", 16},
       {"VIRTIO_NET_F_CTRL_RX", 18},
       {"VIRTIO_NET_F_CTRL_VLAN", 19},
       {"VIRTIO_NET_F_GUEST_ANNOUNCE", 21},
       {"VIRTIO_NET_F_MQ", 22},
       {"VIRTIO_NET_F_HASH_TUNNEL", 51},
       {"VIRTIO_NET_F_VQ_NOTF_COAL", 52},
       {"VIRTIO_NET_F_NOTF_COAL", 53},
       {"VIRTIO_NET_F_HASH_REPORT", 57},
       {"VIRTIO_NET_F_RSS", 60},
       {"VIRTIO_NET_F_SPEED_DUPLEX", 63}},
      JoinRules({&kState, &kReceiveMode}, {&virtio::RingRules()}),
      &CheckAs<NetState, &Check>};
  return type;
}

}  // namespace devstate
