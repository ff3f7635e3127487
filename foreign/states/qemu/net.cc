// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// virtio-net as QEMU emulates it. Its settings do not depend on what is at the
// other end of the link, so those of a machine with vhost in the kernel convert
// as well.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/net/v1/net.pb.h"
#include "devstate/devices/net/check_net.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/devices/net/receive_mode.h"
#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/foreign/states/qemu/emulated_type.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/refusals.h"
#include "devstate/foreign/states/qemu/rings.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::devices::net::v1::HashConfig;
using ::devices::net::v1::MacFilter;
using ::devices::net::v1::NetState;
using ::devices::net::v1::ReceiveMode;
using ::devices::net::v1::RssConfig;

constexpr size_t kMacSize = 6;
constexpr size_t kVlanBytes = 4096 / 8;
constexpr size_t kKeySize = 40;
constexpr size_t kMostTableQueues = 128;
constexpr absl::string_view kRss = "virtio-net-device/rss";
constexpr absl::string_view kBackend = "virtio-net-device/backend";

// Places in the configuration space (VIRTIO 1.3, section 5.1.4).
constexpr size_t kConfigPairs = 8;
constexpr size_t kConfigMtu = 10;
constexpr size_t kConfigSpeed = 12;
constexpr size_t kConfigDuplex = 16;
constexpr size_t kConfigKeySize = 17;
constexpr size_t kConfigTableLength = 18;
constexpr size_t kConfigHashTypes = 20;

struct NetFields {
  std::string mac;
  // Of each pair of queues in use.
  std::vector<uint32_t> tx_waiting = {0};
  uint32_t mergeable_buffers = 0;
  uint16_t status = 0;
  uint8_t promisc = 0;
  uint8_t allmulti = 0;
  uint32_t macs_in_use = 0;
  std::string macs;
  // A bit for each VLAN, in words of 32 bits.
  std::string vlans;
  uint32_t has_vnet_header = 0;
  uint8_t multicast_overflow = 0;
  uint8_t unicast_overflow = 0;
  uint8_t alluni = 0;
  uint8_t nomulti = 0;
  uint8_t nouni = 0;
  uint8_t nobcast = 0;
  uint8_t has_ufo = 0;
  uint16_t max_pairs = 1;
  uint16_t pairs = 1;
  uint64_t offloads = 0;
};

struct RssFields {
  uint8_t enabled = 0;
  uint8_t redirect = 0;
  uint8_t populate_hash = 0;
  uint32_t hash_types = 0;
  uint32_t supported_types = 0;
  uint16_t table_length = 0;
  uint16_t default_queue = 0;
  std::string key = std::string(kKeySize, '\0');
  std::vector<uint16_t> table;
};

bool Negotiated(const VirtioState& state, uint64_t features) {
  return (state.Features() & features) != 0;
}

template <typename Fields>
void VisitNet(Fields& fields, const VirtioState& state, NetFields* net) {
  fields.Raw("the address", kMacSize, &net->mac);
  fields.U32("tx_waiting", &net->tx_waiting[0]);
  fields.U32("mergeable_rx_bufs", &net->mergeable_buffers);
  fields.U16("the link's status", &net->status);
  fields.U8("promisc", &net->promisc);
  fields.U8("allmulti", &net->allmulti);
  fields.U32("the number of filtered addresses", &net->macs_in_use);
  // Far more than QEMU's 64.
  if constexpr (Fields::kReads) {
    if (net->macs_in_use > 65536) {
      fields.Fail(absl::StrCat(net->macs_in_use, " addresses in the filter"));
      return;
    }
  }
  fields.Raw("the filtered addresses", net->macs_in_use * kMacSize, &net->macs);
  fields.Raw("the VLANs", kVlanBytes, &net->vlans);
  fields.U32("has_vnet_hdr", &net->has_vnet_header);
  fields.U8("mac_table.multi_overflow", &net->multicast_overflow);
  fields.U8("mac_table.uni_overflow", &net->unicast_overflow);
  fields.U8("alluni", &net->alluni);
  fields.U8("nomulti", &net->nomulti);
  fields.U8("nouni", &net->nouni);
  fields.U8("nobcast", &net->nobcast);
  fields.U8("has_ufo", &net->has_ufo);
  // Saved if there are several, which the configuration space says.
  if (LittleEndian(state.config, kConfigPairs, 2) > 1) {
    fields.U16("max_queue_pairs", &net->max_pairs);
    fields.U16("curr_queue_pairs", &net->pairs);
  }
  if constexpr (Fields::kReads) {
    if (net->pairs > kMaxQueues) {
      fields.Fail(absl::StrCat(net->pairs, " pairs of queues in use"));
      return;
    }
    if (net->pairs > 1) net->tx_waiting.resize(net->pairs);
  }
  for (size_t i = 1; i < net->tx_waiting.size(); ++i) {
    fields.U32("tx_waiting", &net->tx_waiting[i]);
  }
  if (Negotiated(state, net::kNetCtrlGuestOffloads)) {
    fields.U64("curr_guest_offloads", &net->offloads);
  }
}

// The second version has the types that the device supports.
template <typename Fields>
void VisitRss(Fields& fields, uint32_t version, RssFields* rss) {
  fields.U8("rss_data.enabled", &rss->enabled);
  fields.U8("rss_data.redirect", &rss->redirect);
  fields.U8("rss_data.populate_hash", &rss->populate_hash);
  fields.U32("rss_data.hash_types", &rss->hash_types);
  if (version >= 2) {
    fields.U32("rss_data.supported_hash_types", &rss->supported_types);
  }
  fields.U16("rss_data.indirections_len", &rss->table_length);
  fields.U16("rss_data.default_queue", &rss->default_queue);
  fields.Raw("rss_data.key", kKeySize, &rss->key);
  if constexpr (Fields::kReads) rss->table.resize(rss->table_length);
  for (uint16_t& queue : rss->table) {
    fields.U16("rss_data.indirections_table", &queue);
  }
}

absl::optional<size_t> SizeOf(const Subsection& header,
                              absl::string_view rest) {
  FieldsIn fields(rest);
  if (header.name == kRss) {
    RssFields rss;
    VisitRss(fields, header.version, &rss);
  } else if (header.name == kBackend) {
    // Chunks, the last of which is empty.
    uint32_t length = 0;
    do {
      std::string chunk;
      fields.U32("the length of a chunk", &length);
      fields.Raw("a chunk", length, &chunk);
    } while (fields.ok() && length != 0);
  } else {
    return absl::nullopt;
  }
  // What goes on beyond the end is refused when it is read.
  return fields.ok() ? fields.offset() : rest.size() + 1;
}

const Subsection* FindRss(const VirtioState& state) {
  for (const Subsection& subsection : state.subsections) {
    if (subsection.name == kRss) return &subsection;
  }
  return nullptr;
}

void ReadConfig(const VirtioState& state, const NetFields& net,
                NetState* portable) {
  auto& config = *portable->mutable_config();
  const auto number = [&](size_t at, size_t size) {
    return static_cast<uint32_t>(LittleEndian(state.config, at, size));
  };
  if (Negotiated(state, net::kNetMac)) config.set_mac(net.mac);
  if (Negotiated(state, net::kNetStatus)) config.set_status(net.status);
  if (Negotiated(state, net::kNetMq | net::kNetRss)) {
    config.set_max_virtqueue_pairs(net.max_pairs);
  }
  if (Negotiated(state, net::kNetMtu)) config.set_mtu(number(kConfigMtu, 2));
  if (Negotiated(state, net::kNetSpeedDuplex)) {
    config.set_speed(number(kConfigSpeed, 4));
    config.set_duplex(number(kConfigDuplex, 1));
  }
  if (Negotiated(state, net::kNetRss | net::kNetHashReport)) {
    config.set_rss_max_key_size(number(kConfigKeySize, 1));
    config.set_supported_hash_types(number(kConfigHashTypes, 4));
  }
  if (Negotiated(state, net::kNetRss)) {
    config.set_rss_max_indirection_table_length(number(kConfigTableLength, 2));
  }
}

bool IsMulticast(absl::string_view mac) { return (mac[0] & 1) != 0; }

void ReadFilters(const VirtioState& state, const NetFields& net,
                 NetState* portable) {
  if (Negotiated(state, net::kNetCtrlRx)) {
    ReceiveMode& mode = *portable->mutable_receive_mode();
    mode.set_promisc(net.promisc != 0);
    mode.set_allmulti(net.allmulti != 0);
    if (Negotiated(state, net::kNetCtrlRxExtra)) {
      mode.set_alluni(net.alluni != 0);
      mode.set_nomulti(net.nomulti != 0);
      mode.set_nouni(net.nouni != 0);
      mode.set_nobcast(net.nobcast != 0);
    }
    MacFilter& filter = *portable->mutable_mac_filter();
    for (size_t at = 0; at < net.macs.size(); at += kMacSize) {
      const std::string mac = net.macs.substr(at, kMacSize);
      if (IsMulticast(mac)) {
        filter.add_multicast(mac);
      } else {
        filter.add_unicast(mac);
      }
    }
    filter.set_unicast_overflow(net.unicast_overflow != 0);
    filter.set_multicast_overflow(net.multicast_overflow != 0);
  }
  if (Negotiated(state, net::kNetCtrlVlan)) {
    auto& vlans = *portable->mutable_vlan_filter();
    for (uint32_t vlan = 0; vlan < 8 * net.vlans.size(); ++vlan) {
      const auto byte = static_cast<uint8_t>(net.vlans[vlan / 8]);
      if ((byte >> (vlan % 8) & 1) != 0) vlans.add_vlan_ids(vlan);
    }
  }
}

void ReadSteering(const VirtioState& state, const NetFields& net,
                  NetState* portable) {
  if (Negotiated(state, net::kNetMq)) {
    portable->set_active_queue_pairs(net.pairs);
  }
  const Subsection* const subsection = FindRss(state);
  if (subsection == nullptr) return;
  FieldsIn fields(subsection->bytes);
  RssFields rss;
  VisitRss(fields, subsection->version, &rss);
  if (!fields.ok() || rss.enabled == 0) return;
  if (rss.redirect != 0) {
    RssConfig& config = *portable->mutable_rss();
    config.set_hash_types(rss.hash_types);
    config.set_key(rss.key);
    for (const uint16_t queue : rss.table) config.add_indirection_table(queue);
    config.set_unclassified_queue(rss.default_queue);
    config.set_max_tx_queues(net.pairs);
  } else {
    HashConfig& config = *portable->mutable_hash();
    config.set_hash_types(rss.hash_types);
    config.set_key(rss.key);
  }
}

absl::Status ReadFields(absl::string_view bytes, VirtioState* state,
                        NetFields* net) {
  return ReadState(bytes, VisitNet<FieldsIn>, SizeOf, state, net);
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  VirtioState state;
  NetFields net;
  DS_RETURN_IF_ERROR(ReadFields(saved.virtio, &state, &net));
  if (state.Find(kBackend) != nullptr) {
    return absl::FailedPreconditionError(
        "the device has a back-end's state, which is converted without --from "
        "qemu");
  }
  AddObstacle(state, findings);
  auto& portable = static_cast<NetState&>(*message);
  portable.set_acked_features(state.Features());
  ReadConfig(state, net, &portable);
  ReadFilters(state, net, &portable);
  if (Negotiated(state, net::kNetCtrlGuestOffloads)) {
    portable.set_guest_offloads(net.offloads);
  }
  if (Negotiated(state, net::kNetGuestAnnounce)) {
    portable.mutable_announce()->set_pending((net.status & net::kAnnounce) !=
                                             0);
  }
  ReadSteering(state, net, &portable);
  AddRings(state, portable.inflight(), portable.mutable_vrings(), findings);
  return absl::OkStatus();
}

void WriteFilters(const VirtioState& state, const NetState& portable,
                  NetFields* net, FindingList* findings) {
  if (const auto mode = net::ReceiveModeOf(portable)) {
    net->promisc = mode->promisc();
    net->allmulti = mode->allmulti();
    net->alluni = mode->alluni();
    net->nomulti = mode->nomulti();
    net->nouni = mode->nouni();
    net->nobcast = mode->nobcast();
  }
  // An absent filter is that after a reset, which is empty.
  if (Negotiated(state, net::kNetCtrlRx)) {
    const MacFilter& filter = portable.mac_filter();
    net->macs.clear();
    for (const std::string& mac : filter.unicast()) net->macs += mac;
    for (const std::string& mac : filter.multicast()) net->macs += mac;
    net->macs_in_use =
        static_cast<uint32_t>(filter.unicast_size() + filter.multicast_size());
    net->unicast_overflow = filter.unicast_overflow();
    net->multicast_overflow = filter.multicast_overflow();
    // QEMU drops a longer table as a whole when it loads it.
    constexpr uint32_t kMostAddresses = 64;
    if (net->macs_in_use > kMostAddresses) {
      AddRefusal(findings, "mac_filter", net->macs_in_use,
                 " addresses; QEMU has up to ", kMostAddresses);
    }
  }
  if (portable.has_vlan_filter()) {
    net->vlans.assign(kVlanBytes, '\0');
    for (const uint32_t vlan : portable.vlan_filter().vlan_ids()) {
      if (vlan < 8 * kVlanBytes) {
        net->vlans[vlan / 8] |= static_cast<char>(1 << vlan % 8);
      }
    }
  }
}

// Sets how many pairs are in use. QEMU takes it from the command that came
// last, which is that of RSS where RSS is on.
void WritePairs(const VirtioState& state, const NetState& portable,
                NetFields* net, FindingList* findings) {
  const bool has_mq = Negotiated(state, net::kNetMq);
  const bool of_rss =
      portable.has_rss() && (portable.rss().hash_types() != 0 || !has_mq);
  if (!of_rss && !has_mq) return;
  // After a reset.
  uint32_t pairs = 1;
  if (of_rss) {
    pairs = portable.rss().max_tx_queues();
  } else if (portable.has_active_queue_pairs()) {
    pairs = portable.active_queue_pairs();
  }
  // None breaks a rule of the type.
  if (pairs == 0) return;
  if (pairs > net->max_pairs) {
    AddRefusal(findings, of_rss ? "rss.max_tx_queues" : "active_queue_pairs",
               pairs, " pairs of queues in use; the device in the file has ",
               net->max_pairs, ": take a file of the same guest");
    return;
  }
  net->pairs = static_cast<uint16_t>(pairs);
  net->tx_waiting.resize(pairs);
}

void WriteSteering(const NetState& portable, VirtioState* state,
                   FindingList* findings) {
  const absl::string_view path = portable.has_rss() ? "rss" : "hash";
  RssFields rss;
  if (portable.has_rss()) {
    const RssConfig& config = portable.rss();
    rss.redirect = 1;
    rss.hash_types = config.hash_types();
    rss.key = config.key();
    rss.default_queue = static_cast<uint16_t>(config.unclassified_queue());
    rss.table.assign(config.indirection_table().begin(),
                     config.indirection_table().end());
  } else if (portable.has_hash()) {
    rss.hash_types = portable.hash().hash_types();
    rss.key = portable.hash().key();
    rss.table = {0};
  }
  if (rss.key.size() > kKeySize) {
    AddRefusal(findings, absl::StrCat(path, ".key"), "a key of ",
               rss.key.size(), " bytes; QEMU has up to ", kKeySize,
               ": let the driver set a shorter one");
  }
  if (rss.table.size() > kMostTableQueues) {
    AddRefusal(findings, "rss.indirection_table", rss.table.size(),
               " queues; QEMU has up to ", kMostTableQueues,
               ": let the driver set a shorter one");
  }
  const bool wanted = rss.hash_types != 0;
  for (Subsection& subsection : state->subsections) {
    if (subsection.name != kRss) continue;
    FieldsIn fields(subsection.bytes);
    RssFields old;
    VisitRss(fields, subsection.version, &old);
    rss.enabled = wanted ? 1 : 0;
    rss.populate_hash = Negotiated(*state, net::kNetHashReport) ? 1 : 0;
    rss.supported_types = old.supported_types;
    rss.key.resize(kKeySize);
    rss.table_length = static_cast<uint16_t>(rss.table.size());
    FieldsOut out;
    VisitRss(out, subsection.version, wanted ? &rss : &old);
    if (!wanted) out.bytes()[0] = 0;
    subsection.bytes = out.bytes();
    return;
  }
  // QEMU saves one only while it is on.
  if (wanted) {
    AddRefusal(findings, path,
               "the driver has set it, and it has not in the file: take a file "
               "of the same guest");
  }
}

absl::StatusOr<std::string> Write(absl::string_view bytes,
                                  const google::protobuf::Message& message,
                                  FindingList* findings) {
  VirtioState state;
  NetFields net;
  DS_RETURN_IF_ERROR(ReadFields(bytes, &state, &net));
  AddObstacle(state, findings);
  const auto& portable = static_cast<const NetState&>(message);
  CheckSameFeatures(state, portable.acked_features(), findings);
  if (portable.inflight_size() != 0) {
    AddRefusal(findings, "inflight", portable.inflight_size(),
               " requests in flight, of which QEMU's virtio-net "
               "saves none: let the back-end answer them");
  }
  if (portable.has_coalescing() || portable.queue_coalescing_size() != 0) {
    AddRefusal(findings, "coalescing", "QEMU's virtio-net has none");
  }
  const auto& config = portable.config();
  if (config.mac().size() == kMacSize) net.mac = config.mac();
  if (config.has_status()) net.status = static_cast<uint16_t>(config.status());
  WriteFilters(state, portable, &net, findings);
  WritePairs(state, portable, &net, findings);
  WriteSteering(portable, &state, findings);
  // Absent ones are those after a reset, which are all on.
  net.offloads = portable.has_guest_offloads()
                     ? portable.guest_offloads()
                     : state.Features() & net::kNetGuestOffloads;
  // Every ring is looked at again.
  for (uint32_t& waiting : net.tx_waiting) waiting = 1;
  SetRings(portable.vrings(), &state, findings);
  return WriteState(state, VisitNet<FieldsOut>, &net);
}

// Returns `stream` as QEMU saves it: pieces with their lengths, the last of
// which is 0.
std::string Chunks(absl::string_view stream) {
  constexpr size_t kChunk = size_t{64} << 10;
  FieldsOut fields;
  for (size_t at = 0; at < stream.size(); at += kChunk) {
    const std::string piece(stream.substr(at, kChunk));
    const auto length = static_cast<uint32_t>(piece.size());
    fields.U32("", &length);
    fields.Raw("", piece.size(), &piece);
  }
  const uint32_t end = 0;
  fields.U32("", &end);
  return std::move(fields.bytes());
}

}  // namespace

absl::StatusOr<std::string> AddBackendState(absl::string_view bytes,
                                            absl::string_view stream) {
  VirtioState state;
  NetFields net;
  DS_RETURN_IF_ERROR(ReadFields(bytes, &state, &net));
  if (state.Find(kBackend) != nullptr) {
    return absl::FailedPreconditionError(
        "the device has a back-end's state already");
  }
  // After the subsections of the device, and before those of all devices.
  auto place = state.subsections.begin();
  while (place != state.subsections.end() && place->name == kRss) ++place;
  state.subsections.insert(place, {std::string(kBackend), 0, Chunks(stream)});
  return WriteState(state, VisitNet<FieldsOut>, &net);
}

const EmulatedType& EmulatedNet() {
  static const auto& type = *new EmulatedType{"virtio-net",
                                              "devices.net.v1",
                                              &NetState::default_instance(),
                                              &NetType(),
                                              Read,
                                              Write};
  return type;
}

}  // namespace devstate::qemu
