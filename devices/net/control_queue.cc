// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A command whose effect a reset has already is not given. So the plan of a
// device whose driver has set nothing is what QEMU gives every device: its
// address and its pairs of queues.

#include "devstate/devices/net/control_queue.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/devices/net/receive_mode.h"

namespace devstate::net {
namespace {

using ::devices::net::v1::MacFilter;
using ::devices::net::v1::NetState;
using ::devices::net::v1::ReceiveMode;
using ::devices::net::v1::RssConfig;

constexpr uint64_t kNetCtrlMacAddr = Bit(23);

// Classes.
constexpr uint8_t kReceive = 0;
constexpr uint8_t kMac = 1;
constexpr uint8_t kVlan = 2;
constexpr uint8_t kQueues = 4;
constexpr uint8_t kOffloads = 5;

std::string LittleEndian(uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) {
    bytes.push_back(static_cast<char>(value >> 8 * i));
  }
  return bytes;
}

class Planner {
 public:
  explicit Planner(const NetState& state) : state_(state) {}

  ControlPlan Plan() {
    PlanMac();
    PlanQueues();
    PlanOffloads();
    PlanReceiveMode();
    PlanVlans();
    ListLeftOut();
    return std::move(plan_);
  }

 private:
  bool Has(uint64_t feature) const {
    return (state_.acked_features() & feature) != 0;
  }

  void Give(uint8_t command_class, uint8_t command, absl::string_view name,
            std::string data) {
    plan_.commands.push_back({command_class, command, name, std::move(data)});
  }

  void PlanMac() {
    if (Has(kNetCtrlMacAddr) && state_.config().has_mac()) {
      Give(kMac, 1, "VIRTIO_NET_CTRL_MAC_ADDR_SET", state_.config().mac());
    }
    const MacFilter& filter = state_.mac_filter();
    if (!Has(kNetCtrlRx) ||
        filter.unicast_size() + filter.multicast_size() == 0) {
      return;
    }
    std::string data =
        LittleEndian(static_cast<uint64_t>(filter.unicast_size()), 4);
    for (const std::string& mac : filter.unicast()) data += mac;
    data += LittleEndian(static_cast<uint64_t>(filter.multicast_size()), 4);
    for (const std::string& mac : filter.multicast()) data += mac;
    Give(kMac, 0, "VIRTIO_NET_CTRL_MAC_TABLE_SET", std::move(data));
  }

  void PlanQueues() {
    if (!Has(kNetMq)) return;
    const uint32_t pairs =
        state_.has_active_queue_pairs() ? state_.active_queue_pairs() : 1;
    Give(kQueues, 0, "VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET", LittleEndian(pairs, 2));
    if (Has(kNetRss)) {
      PlanRss();
    } else if (Has(kNetHashReport)) {
      PlanHash();
    }
  }

  void PlanRss() {
    const RssConfig& rss = state_.rss();
    if (rss.hash_types() == 0 || rss.indirection_table().empty()) return;
    std::string data = LittleEndian(rss.hash_types(), 4);
    data += LittleEndian(
        static_cast<uint64_t>(rss.indirection_table_size()) - 1, 2);
    data += LittleEndian(rss.unclassified_queue(), 2);
    for (const uint32_t queue : rss.indirection_table()) {
      data += LittleEndian(queue, 2);
    }
    data += LittleEndian(rss.max_tx_queues(), 2);
    Give(kQueues, 1, "VIRTIO_NET_CTRL_MQ_RSS_CONFIG", data + Key(rss.key()));
  }

  void PlanHash() {
    const auto& hash = state_.hash();
    if (hash.hash_types() == 0) return;
    // Reserved, as long as the fields of a table with one queue.
    const std::string reserved(8, '\0');
    Give(kQueues, 2, "VIRTIO_NET_CTRL_MQ_HASH_CONFIG",
         LittleEndian(hash.hash_types(), 4) + reserved + Key(hash.key()));
  }

  static std::string Key(const std::string& key) {
    return LittleEndian(key.size(), 1) + key;
  }

  void PlanOffloads() {
    if (!Has(kNetCtrlGuestOffloads) || !state_.has_guest_offloads()) return;
    // All that were negotiated are on after a reset.
    const uint64_t all = state_.acked_features() & kNetGuestOffloads;
    if (state_.guest_offloads() == all) return;
    Give(kOffloads, 0, "VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET",
         LittleEndian(state_.guest_offloads(), 8));
  }

  void GiveReceiveMode(uint8_t command, absl::string_view name, bool on) {
    Give(kReceive, command, name, LittleEndian(on ? 1 : 0, 1));
  }

  void PlanReceiveMode() {
    if (!Has(kNetCtrlRx)) return;
    const std::optional<ReceiveMode> said = ReceiveModeOf(state_);
    if (!said.has_value()) return;
    const ReceiveMode& mode = *said;
    const MacFilter& filter = state_.mac_filter();
    if (!mode.promisc() && !filter.unicast_overflow()) {
      GiveReceiveMode(0, "VIRTIO_NET_CTRL_RX_PROMISC", false);
    }
    if (mode.allmulti() || filter.multicast_overflow()) {
      GiveReceiveMode(1, "VIRTIO_NET_CTRL_RX_ALLMULTI", true);
    }
    if (!Has(kNetCtrlRxExtra)) return;
    if (mode.alluni()) GiveReceiveMode(2, "VIRTIO_NET_CTRL_RX_ALLUNI", true);
    if (mode.nomulti()) GiveReceiveMode(3, "VIRTIO_NET_CTRL_RX_NOMULTI", true);
    if (mode.nouni()) GiveReceiveMode(4, "VIRTIO_NET_CTRL_RX_NOUNI", true);
    if (mode.nobcast()) GiveReceiveMode(5, "VIRTIO_NET_CTRL_RX_NOBCAST", true);
  }

  void PlanVlans() {
    if (!Has(kNetCtrlVlan)) return;
    for (const uint32_t vlan : state_.vlan_filter().vlan_ids()) {
      Give(kVlan, 0, "VIRTIO_NET_CTRL_VLAN_ADD", LittleEndian(vlan, 2));
    }
  }

  void ListLeftOut() {
    const auto leave = [this](bool present, absl::string_view what) {
      if (present) plan_.left_out.emplace_back(what);
    };
    leave((state_.has_rss() || state_.has_hash()) && !Has(kNetMq),
          "the hash, because QEMU sets one with VIRTIO_NET_F_MQ alone");
    leave(state_.announce().pending(),
          "that the driver shall announce itself, which the status says");
    leave(state_.has_coalescing() || state_.queue_coalescing_size() != 0,
          "notification coalescing, for which QEMU gives no command");
    leave(state_.hash_tunnel_types() != 0,
          "the types of tunnels, for which QEMU gives no command");
    leave(state_.vrings_size() != 0,
          "the positions of the rings, which VHOST_SET_VRING_BASE sets");
    leave(state_.inflight_size() != 0,
          "requests in flight, which a device answers before it is suspended");
  }

  const NetState& state_;
  ControlPlan plan_;
};

}  // namespace

ControlPlan PlanControlQueue(const NetState& state) {
  return Planner(state).Plan();
}

}  // namespace devstate::net
