// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of the example device, which is what a virtio-net back-end knows of
// its driver. proto/devices/net/v1/net.proto says what each field means.

#ifndef DEVSTATE_DEVICES_NET_NET_MODEL_H_
#define DEVSTATE_DEVICES_NET_NET_MODEL_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devstate/devices/virtio/ring_model.h"

namespace devstate::net {

using virtio::Descriptor;
using virtio::PackedPosition;
using virtio::Request;
using virtio::Ring;
using virtio::SplitPosition;

using MacAddress = std::array<uint8_t, 6>;

struct NetConfig {
  std::optional<MacAddress> mac;
  std::optional<uint32_t> status;
  // The number of queue pairs; one if absent.
  std::optional<uint32_t> max_queue_pairs;
  std::optional<uint32_t> mtu;
  std::optional<uint32_t> speed;
  std::optional<uint32_t> duplex;
  std::optional<uint32_t> rss_max_key_size;
  std::optional<uint32_t> rss_max_table_length;
  std::optional<uint32_t> hash_types;
  std::optional<uint32_t> tunnel_types;
};

struct ReceiveMode {
  bool promisc = false;
  bool allmulti = false;
  bool alluni = false;
  bool nomulti = false;
  bool nouni = false;
  bool nobcast = false;
};

struct MacFilter {
  std::vector<MacAddress> unicast;
  bool unicast_overflow = false;
  std::vector<MacAddress> multicast;
  bool multicast_overflow = false;
};

struct HashConfig {
  uint32_t hash_types = 0;
  std::string key;
};

struct RssConfig {
  HashConfig hash;
  std::vector<uint32_t> indirection_table;
  uint32_t unclassified_queue = 0;
  uint32_t max_tx_queues = 0;
};

struct Coalescing {
  uint32_t max_packets = 0;
  uint32_t max_delay = 0;
};

struct DirectionCoalescing {
  Coalescing receive;
  Coalescing transmit;
};

struct QueueCoalescing {
  uint32_t ring = 0;
  Coalescing coalescing;
};

// The state of the device. Absent settings are those after a reset, but for the
// receive mode, which is there if VIRTIO_NET_F_CTRL_RX was negotiated.
struct NetModel {
  uint64_t acked_features = 0;
  NetConfig config;
  std::optional<ReceiveMode> receive_mode;
  std::optional<MacFilter> mac_filter;
  std::optional<std::vector<uint32_t>> vlan_ids;
  std::optional<uint64_t> guest_offloads;
  std::optional<bool> announce_pending;
  std::optional<uint32_t> active_queue_pairs;
  std::optional<HashConfig> hash;
  std::optional<RssConfig> rss;
  uint32_t hash_tunnel_types = 0;
  std::optional<DirectionCoalescing> coalescing;
  std::vector<QueueCoalescing> queue_coalescing;
  // The rings in ascending order of their indices.
  std::vector<Ring> rings;
  std::vector<Request> requests;
};

}  // namespace devstate::net

#endif  // DEVSTATE_DEVICES_NET_NET_MODEL_H_
