// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/net_backend/state_text.h"

#include <ostream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/devices/net/mac_text.h"
#include "examples/common/text_file.h"

namespace devstate::net::examples {
namespace {

template <typename... Parts>
void Line(std::string* text, const Parts&... parts) {
  absl::StrAppend(text, parts...);
  text->push_back('\n');
}

void Optional(absl::string_view name, const std::optional<uint32_t>& value,
              std::string* text) {
  if (value.has_value()) Line(text, name, " ", *value);
}

void AddConfig(const NetConfig& config, std::string* text) {
  if (config.mac.has_value()) Line(text, "mac ", MacText(*config.mac));
  Optional("status", config.status, text);
  Optional("max_queue_pairs", config.max_queue_pairs, text);
  Optional("mtu", config.mtu, text);
  Optional("speed", config.speed, text);
  Optional("duplex", config.duplex, text);
  Optional("rss_max_key_size", config.rss_max_key_size, text);
  Optional("rss_max_table_length", config.rss_max_table_length, text);
  Optional("supported_hash_types", config.hash_types, text);
  Optional("supported_tunnel_types", config.tunnel_types, text);
}

void AddFilters(const NetModel& model, std::string* text) {
  if (model.receive_mode.has_value()) {
    const ReceiveMode& mode = *model.receive_mode;
    Line(text, "receive_mode promisc ", mode.promisc, " allmulti ",
         mode.allmulti, " alluni ", mode.alluni, " nomulti ", mode.nomulti,
         " nouni ", mode.nouni, " nobcast ", mode.nobcast);
  }
  if (model.mac_filter.has_value()) {
    const MacFilter& filter = *model.mac_filter;
    Line(text, "mac_filter unicast_overflow ", filter.unicast_overflow,
         " multicast_overflow ", filter.multicast_overflow);
    for (const MacAddress& mac : filter.unicast) {
      Line(text, "unicast ", MacText(mac));
    }
    for (const MacAddress& mac : filter.multicast) {
      Line(text, "multicast ", MacText(mac));
    }
  }
  if (model.vlan_ids.has_value()) {
    Line(text, "vlans ", model.vlan_ids->size());
    for (const uint32_t id : *model.vlan_ids) Line(text, "vlan ", id);
  }
  if (model.guest_offloads.has_value()) {
    Line(text, "guest_offloads 0x", absl::Hex(*model.guest_offloads));
  }
  if (model.announce_pending.has_value()) {
    Line(text, "announce_pending ", *model.announce_pending);
  }
}

std::string HashText(const HashConfig& hash) {
  return absl::StrCat("types 0x", absl::Hex(hash.hash_types), " key ",
                      absl::BytesToHexString(hash.key));
}

std::string CoalescingText(const Coalescing& coalescing) {
  return absl::StrCat("packets ", coalescing.max_packets, " delay ",
                      coalescing.max_delay);
}

void AddSteering(const NetModel& model, std::string* text) {
  Optional("active_queue_pairs", model.active_queue_pairs, text);
  if (model.hash.has_value()) Line(text, "hash ", HashText(*model.hash));
  if (model.rss.has_value()) {
    const RssConfig& rss = *model.rss;
    Line(text, "rss ", HashText(rss.hash), " unclassified ",
         rss.unclassified_queue, " tx ", rss.max_tx_queues, " table ",
         absl::StrJoin(rss.indirection_table, ","));
  }
  Line(text, "hash_tunnel_types 0x", absl::Hex(model.hash_tunnel_types));
  if (model.coalescing.has_value()) {
    Line(text, "coalescing receive ", CoalescingText(model.coalescing->receive),
         " transmit ", CoalescingText(model.coalescing->transmit));
  }
  for (const QueueCoalescing& queue : model.queue_coalescing) {
    Line(text, "coalescing ring ", queue.ring, " ",
         CoalescingText(queue.coalescing));
  }
}

std::string NotifiedText(const std::optional<uint32_t>& notified) {
  return notified.has_value() ? absl::StrCat(" notified ", *notified) : "";
}

std::string PositionText(const SplitPosition& position) {
  return absl::StrCat("split size ", position.size, " last_avail_idx ",
                      position.last_avail_idx, " used_idx ", position.used_idx,
                      NotifiedText(position.notified_used_idx));
}

std::string PositionText(const PackedPosition& position) {
  return absl::StrCat("packed size ", position.size, " avail ",
                      position.avail_idx, " wrap ", position.avail_wrap,
                      " used ", position.used_idx, " wrap ", position.used_wrap,
                      NotifiedText(position.notified_used));
}

void AddRings(const NetModel& model, std::string* text) {
  for (const Ring& ring : model.rings) {
    const std::string position =
        std::visit([](const auto& position) { return PositionText(position); },
                   ring.position);
    Line(text, "ring ", ring.index, " enabled ", ring.enabled, " ", position);
  }
  for (const Request& request : model.requests) {
    absl::StrAppend(text, "request ring ", request.ring, " head ", request.head,
                    " sequence ", request.sequence, " descriptors ",
                    request.descriptor_count);
    for (const Descriptor& descriptor : request.descriptors) {
      absl::StrAppend(text, " 0x", absl::Hex(descriptor.address), "+",
                      descriptor.length, "/", descriptor.flags);
    }
    text->push_back('\n');
  }
}

}  // namespace

std::string StateText(const NetModel& model) {
  std::string text;
  Line(&text, "features 0x", absl::Hex(model.acked_features));
  AddConfig(model.config, &text);
  AddFilters(model, &text);
  AddSteering(model, &text);
  AddRings(model, &text);
  return text;
}

absl::Status WriteStateText(const NetModel& model, const std::string& path) {
  return ::devstate::examples::WriteTextFile(path, "the state", "--state-out",
                       [&](std::ostream& file) { file << StateText(model); });
}

}  // namespace devstate::net::examples
