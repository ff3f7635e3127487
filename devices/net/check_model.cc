// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The rules are those of VIRTIO 1.3, section 5.1. They tell a state that no
// device could have from one that this device cannot take, because the remedies
// differ.

#include "devstate/devices/net/check_model.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "devstate/devices/net/check_rings.h"
#include "devstate/devices/net/mac_text.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::net {
namespace {

template <typename... Parts>
absl::Status Bad(const Parts&... what) {
  return absl::InvalidArgumentError(absl::StrCat(what...));
}

template <typename... Parts>
absl::Status Unable(const Parts&... what) {
  return absl::FailedPreconditionError(absl::StrCat(what...));
}

// Section 5.1.3.1, for the features that stand in this state.
struct Requirement {
  uint64_t feature;
  const char* name;
  uint64_t needs;
  const char* needs_name;
};

constexpr Requirement kRequirements[] = {
    {kNetCtrlRx, "CTRL_RX", kNetCtrlVq, "CTRL_VQ"},
    {kNetCtrlRxExtra, "CTRL_RX_EXTRA", kNetCtrlVq, "CTRL_VQ"},
    {kNetCtrlVlan, "CTRL_VLAN", kNetCtrlVq, "CTRL_VQ"},
    {kNetCtrlGuestOffloads, "CTRL_GUEST_OFFLOADS", kNetCtrlVq, "CTRL_VQ"},
    {kNetGuestAnnounce, "GUEST_ANNOUNCE", kNetCtrlVq, "CTRL_VQ"},
    {kNetMq, "MQ", kNetCtrlVq, "CTRL_VQ"},
    {kNetRss, "RSS", kNetCtrlVq, "CTRL_VQ"},
    {kNetHashReport, "HASH_REPORT", kNetCtrlVq, "CTRL_VQ"},
    {kNetHashTunnel, "HASH_TUNNEL", kNetCtrlVq, "CTRL_VQ"},
    {kNetNotfCoal, "NOTF_COAL", kNetCtrlVq, "CTRL_VQ"},
    {kNetVqNotfCoal, "VQ_NOTF_COAL", kNetCtrlVq, "CTRL_VQ"},
    {kNetGuestTso4, "GUEST_TSO4", kNetGuestCsum, "GUEST_CSUM"},
    {kNetGuestTso6, "GUEST_TSO6", kNetGuestCsum, "GUEST_CSUM"},
    {kNetGuestUfo, "GUEST_UFO", kNetGuestCsum, "GUEST_CSUM"},
    {kNetGuestUso4, "GUEST_USO4", kNetGuestCsum, "GUEST_CSUM"},
    {kNetGuestUso6, "GUEST_USO6", kNetGuestCsum, "GUEST_CSUM"},
    {kNetGuestEcn, "GUEST_ECN", kNetGuestTso4 | kNetGuestTso6, "GUEST_TSO"},
};

absl::Status CheckFeatures(const NetModel& model,
                           const NetAbilities& abilities) {
  const uint64_t acked = model.acked_features;
  if (const uint64_t more = acked & ~abilities.features; more != 0) {
    return Unable("the driver negotiated the features 0x", absl::Hex(more),
                  ", which this device does not offer");
  }
  for (const Requirement& rule : kRequirements) {
    if ((acked & rule.feature) != 0 && (acked & rule.needs) == 0) {
      return Bad("VIRTIO_NET_F_", rule.name, " is negotiated without ",
                 "VIRTIO_NET_F_", rule.needs_name);
    }
  }
  // A setting that no driver could have made.
  const struct {
    bool present;
    uint64_t feature;
    const char* setting;
    const char* name;
  } settings[] = {
      {model.receive_mode.has_value(), kNetCtrlRx, "receive mode", "CTRL_RX"},
      {model.mac_filter.has_value(), kNetCtrlRx, "MAC filter", "CTRL_RX"},
      {model.vlan_ids.has_value(), kNetCtrlVlan, "VLAN filter", "CTRL_VLAN"},
      {model.guest_offloads.has_value(), kNetCtrlGuestOffloads,
       "guest offloads", "CTRL_GUEST_OFFLOADS"},
      {model.announce_pending.has_value(), kNetGuestAnnounce, "announcement",
       "GUEST_ANNOUNCE"},
      {model.active_queue_pairs.has_value(), kNetMq, "active queue pairs",
       "MQ"},
      {model.hash.has_value(), kNetHashReport, "hash", "HASH_REPORT"},
      {model.rss.has_value(), kNetRss, "RSS", "RSS"},
      {model.hash_tunnel_types != 0, kNetHashTunnel, "hash tunnel types",
       "HASH_TUNNEL"},
      {model.coalescing.has_value(), kNetNotfCoal, "coalescing", "NOTF_COAL"},
      {!model.queue_coalescing.empty(), kNetVqNotfCoal, "queue coalescing",
       "VQ_NOTF_COAL"},
  };
  for (const auto& rule : settings) {
    if (rule.present && (acked & rule.feature) == 0) {
      return Bad("a setting of ", rule.setting, " without VIRTIO_NET_F_",
                 rule.name);
    }
  }
  if ((acked & kNetCtrlRx) != 0 && !model.receive_mode.has_value()) {
    return Bad("no receive mode, and VIRTIO_NET_F_CTRL_RX is negotiated");
  }
  return absl::OkStatus();
}

bool IsMulticast(const MacAddress& mac) { return (mac[0] & 1) != 0; }

absl::Status CheckUpTo(const char* what, const std::optional<uint32_t>& value,
                       uint32_t least, uint32_t most) {
  if (!value.has_value()) return absl::OkStatus();
  if (*value < least) return Bad(what, " ", *value, " is below ", least);
  if (*value <= most) return absl::OkStatus();
  return Unable(what, " ", *value, " is above ", most,
                ", the most that this device has");
}

absl::Status CheckBits(const char* what, uint64_t bits, uint64_t allowed) {
  if ((bits & ~allowed) == 0) return absl::OkStatus();
  return Bad(what, " 0x", absl::Hex(bits), " has more than the possible 0x",
             absl::Hex(allowed));
}

absl::Status CheckConfig(const NetModel& model,
                         const NetAbilities& abilities) {
  const NetConfig& config = model.config;
  if (config.mac.has_value() &&
      (IsMulticast(*config.mac) || *config.mac == MacAddress())) {
    return Bad("the device's own address ", MacText(*config.mac),
               " is no unicast address");
  }
  DS_RETURN_IF_ERROR(
      CheckBits("status", config.status.value_or(0), kLinkUp | kAnnounce));
  DS_RETURN_IF_ERROR(CheckUpTo("max_virtqueue_pairs", config.max_queue_pairs, 1,
                               abilities.max_queue_pairs));
  DS_RETURN_IF_ERROR(CheckUpTo("mtu", config.mtu, 68, abilities.max_mtu));
  DS_RETURN_IF_ERROR(CheckUpTo("rss_max_key_size", config.rss_max_key_size, 0,
                               abilities.max_key_size));
  DS_RETURN_IF_ERROR(CheckUpTo("rss_max_indirection_table_length",
                               config.rss_max_table_length, 1,
                               abilities.max_indirection_table));
  DS_RETURN_IF_ERROR(CheckBits("supported_hash_types",
                               config.hash_types.value_or(0), kHashTypes));
  DS_RETURN_IF_ERROR(CheckBits("supported_tunnel_types",
                               config.tunnel_types.value_or(0), kTunnelTypes));
  const uint32_t duplex = config.duplex.value_or(0);
  if (duplex > 1 && duplex != 255) {
    return Bad("duplex ", duplex, " is none of 0, 1, 255");
  }
  const bool announced = (config.status.value_or(0) & kAnnounce) != 0;
  if (announced != model.announce_pending.value_or(false)) {
    return Bad("the status and the announcement disagree whether the driver ",
               "was asked to announce itself");
  }
  return absl::OkStatus();
}

absl::Status CheckAddresses(const char* what,
                            const std::vector<MacAddress>& addresses,
                            bool multicast) {
  std::set<MacAddress> seen;
  for (const MacAddress& address : addresses) {
    if (IsMulticast(address) != multicast) {
      return Bad("MAC filter: ", MacText(address), " is no ", what, " address");
    }
    if (!seen.insert(address).second) {
      return Bad("MAC filter: ", MacText(address), " occurs twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFilters(const NetModel& model,
                          const NetAbilities& abilities) {
  if (model.mac_filter.has_value()) {
    const MacFilter& filter = *model.mac_filter;
    const size_t addresses = filter.unicast.size() + filter.multicast.size();
    if (addresses > abilities.mac_table_size) {
      return Unable("MAC filter: ", addresses, " addresses, and this device ",
                    "has room for ", abilities.mac_table_size);
    }
    DS_RETURN_IF_ERROR(CheckAddresses("unicast", filter.unicast, false));
    DS_RETURN_IF_ERROR(CheckAddresses("multicast", filter.multicast, true));
  }
  if (model.receive_mode.has_value() &&
      (model.acked_features & kNetCtrlRxExtra) == 0) {
    const ReceiveMode& mode = *model.receive_mode;
    if (mode.alluni || mode.nomulti || mode.nouni || mode.nobcast) {
      return Bad("a receive mode that needs VIRTIO_NET_F_CTRL_RX_EXTRA");
    }
  }
  std::set<uint32_t> vlans;
  for (const uint32_t id : model.vlan_ids.value_or(std::vector<uint32_t>())) {
    if (id > 4095) return Bad("VLAN filter: ", id, " is above 4095");
    if (!vlans.insert(id).second)
      return Bad("VLAN filter: ", id, " occurs twice");
  }
  return CheckBits("guest offloads", model.guest_offloads.value_or(0),
                   kNetGuestOffloads & model.acked_features);
}

absl::Status CheckHash(const char* what, const HashConfig& hash,
                       const NetConfig& config) {
  DS_RETURN_IF_ERROR(
      CheckBits(what, hash.hash_types, config.hash_types.value_or(0)));
  const uint32_t most = config.rss_max_key_size.value_or(0);
  if (hash.key.size() <= most) return absl::OkStatus();
  return Bad(what, ": a key of ", hash.key.size(), " bytes, at most ", most);
}

absl::Status CheckQueue(const char* what, uint32_t queue, uint32_t pairs) {
  if (queue < pairs) return absl::OkStatus();
  return Bad("RSS: ", what, " ", queue, ", and the device has ", pairs,
             " queue pairs");
}

absl::Status CheckSteering(const NetModel& model) {
  const NetConfig& config = model.config;
  const uint32_t pairs = config.max_queue_pairs.value_or(1);
  const uint32_t active = model.active_queue_pairs.value_or(1);
  if (active == 0 || active > pairs) {
    return Bad(active, " active queue pairs, expected 1 to ", pairs);
  }
  if (model.hash.has_value()) {
    DS_RETURN_IF_ERROR(CheckHash("hash types", *model.hash, config));
  }
  DS_RETURN_IF_ERROR(CheckBits("hash tunnel types", model.hash_tunnel_types,
                               config.tunnel_types.value_or(0)));
  if (!model.rss.has_value()) return absl::OkStatus();
  const RssConfig& rss = *model.rss;
  DS_RETURN_IF_ERROR(CheckHash("RSS hash types", rss.hash, config));
  const size_t length = rss.indirection_table.size();
  const uint32_t most = config.rss_max_table_length.value_or(0);
  if (length == 0 || length > most || (length & (length - 1)) != 0) {
    return Bad("RSS: an indirection table of ", length,
               " queues, expected a power of two up to ", most);
  }
  for (const uint32_t queue : rss.indirection_table) {
    DS_RETURN_IF_ERROR(
        CheckQueue("the indirection table names receive queue", queue, pairs));
  }
  DS_RETURN_IF_ERROR(CheckQueue("unclassified frames go to receive queue",
                                rss.unclassified_queue, pairs));
  if (rss.max_tx_queues >= 1 && rss.max_tx_queues <= pairs) {
    return absl::OkStatus();
  }
  return Bad("RSS: ", rss.max_tx_queues, " transmit queues, expected 1 to ",
             pairs);
}

}  // namespace

absl::Status CheckModel(const NetModel& model, const NetAbilities& abilities) {
  DS_RETURN_IF_ERROR(CheckFeatures(model, abilities));
  DS_RETURN_IF_ERROR(CheckConfig(model, abilities));
  DS_RETURN_IF_ERROR(CheckFilters(model, abilities));
  DS_RETURN_IF_ERROR(CheckSteering(model));
  return CheckRings(model, abilities.max_ring_size);
}

}  // namespace devstate::net
