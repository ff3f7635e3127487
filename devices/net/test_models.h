// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Models for tests, which pass CheckModel() until a test breaks one rule.

#ifndef DEVSTATE_DEVICES_NET_TEST_MODELS_H_
#define DEVSTATE_DEVICES_NET_TEST_MODELS_H_

#include <string>

#include "devstate/devices/net/net_features.h"
#include "devstate/devices/net/net_model.h"

namespace devstate::net {

// Returns a model with two queue pairs and every setting. Ring 1, the first to
// transmit, has the requests with heads 5 and 6 in flight, of two descriptors
// each.
inline NetModel MakeSplitModel() {
  NetModel model;
  model.acked_features = kOfferedFeatures & ~kRingPacked;
  model.config.mac = MacAddress{2, 0, 0, 0, 0, 1};
  model.config.status = kLinkUp;
  model.config.max_queue_pairs = 2;
  model.config.mtu = 1500;
  model.config.duplex = 1;
  model.config.rss_max_key_size = 40;
  model.config.rss_max_table_length = 16;
  model.config.hash_types = 0x3f;
  model.config.tunnel_types = 1;
  model.receive_mode.emplace();
  model.mac_filter.emplace();
  model.mac_filter->unicast = {{2, 0, 0, 0, 0, 2}};
  model.mac_filter->multicast = {{3, 0, 0, 0, 0, 2}};
  model.vlan_ids = std::vector<uint32_t>{1, 4095};
  model.guest_offloads = kNetGuestCsum;
  model.announce_pending = false;
  model.active_queue_pairs = 2;
  model.hash = HashConfig{1, std::string(40, 'k')};
  model.rss = RssConfig{{1, std::string(40, 'k')}, {0, 1, 1, 0}, 1, 2};
  model.hash_tunnel_types = 1;
  model.coalescing.emplace();
  model.queue_coalescing = {{0, {1, 2}}};
  for (uint32_t i = 0; i < 5; ++i) {
    model.rings.push_back({i, true, SplitPosition{256, 7, 7, 7}});
  }
  model.rings[1].position = SplitPosition{256, 1, 65535, 65535};
  model.requests = {{1, 5, 100, 2, {}}, {1, 6, 101, 2, {}}};
  return model;
}

// Returns the same with packed rings, ring 1 across the end of its lap.
inline NetModel MakePackedModel() {
  NetModel model = MakeSplitModel();
  model.acked_features |= kRingPacked;
  for (Ring& ring : model.rings) {
    ring.position = PackedPosition{100, 7, true, 7, true, 7 | 1 << 15};
  }
  model.rings[1].position = PackedPosition{100, 3, false, 99, true, 99};
  for (Request& request : model.requests) {
    request.descriptors = {{0x1000, 64, 0}, {0x2000, 1500, 2}};
  }
  return model;
}

}  // namespace devstate::net

#endif  // DEVSTATE_DEVICES_NET_TEST_MODELS_H_
