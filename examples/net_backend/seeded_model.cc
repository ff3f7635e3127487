// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The same seed must give the same model everywhere, so nothing here depends on
// the distributions of a standard library.

#include "examples/net_backend/seeded_model.h"

#include <random>
#include <set>

#include "devstate/devices/net/check_rings.h"
#include "devstate/devices/net/net_features.h"

namespace devstate::net::examples {
namespace {

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  // Without the library's distributions, which differ between libraries.
  uint64_t Below(uint64_t limit) { return random_() % limit; }
  bool Flip() { return Below(2) == 1; }
  uint64_t Some(uint64_t bits) { return random_() & bits; }

  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(Below(256));
    return bytes;
  }
  // Locally administered.
  MacAddress Mac(bool multicast) {
    MacAddress mac;
    for (uint8_t& byte : mac) byte = static_cast<uint8_t>(Below(256));
    mac[0] = (mac[0] & 0xfc) | 2 | (multicast ? 1 : 0);
    return mac;
  }
  std::vector<MacAddress> Macs(size_t count, bool multicast) {
    std::set<MacAddress> macs;
    while (macs.size() < count) macs.insert(Mac(multicast));
    return {macs.begin(), macs.end()};
  }
  Coalescing Interval() {
    return {static_cast<uint32_t>(Below(256)),
            static_cast<uint32_t>(Below(1000))};
  }

 private:
  std::mt19937_64 random_;
};

uint64_t Features(uint64_t seed, Dice& dice) {
  // Taken or left; all that they need is in the others.
  constexpr uint64_t kOptional =
      kNetCtrlRx | kNetCtrlRxExtra | kNetCtrlVlan | kNetCtrlGuestOffloads |
      kNetGuestAnnounce | kNetMq | kNetRss | kNetHashReport | kNetHashTunnel |
      kNetNotfCoal | kNetVqNotfCoal | kNetMtu | kNetSpeedDuplex |
      kRingEventIdx | kRingPacked;
  uint64_t features = (kOfferedFeatures & ~kOptional) | dice.Some(kOptional);
  features &= ~kRingPacked;
  if (seed % 2 == 1) features |= kRingPacked;
  return features;
}

NetConfig Config(Dice& dice) {
  NetConfig config;
  config.mac = dice.Mac(/*multicast=*/false);
  config.status = kLinkUp;
  config.max_queue_pairs = 1 + dice.Below(kMaxQueuePairs);
  config.mtu = 1500 + dice.Below(kMaxMtu - 1500);
  config.speed = dice.Flip() ? 10000 : 0xffffffff;
  config.duplex = dice.Flip() ? 1 : 255;
  config.rss_max_key_size = kMaxKeySize;
  config.rss_max_table_length = kMaxIndirectionTable;
  config.hash_types = kHashTypes;
  config.tunnel_types = kTunnelTypes;
  return config;
}

void SetFilters(Dice& dice, NetModel* model) {
  const uint64_t acked = model->acked_features;
  if ((acked & kNetCtrlRx) != 0) {
    ReceiveMode& mode = model->receive_mode.emplace();
    mode.promisc = dice.Flip();
    mode.allmulti = dice.Flip();
    if ((acked & kNetCtrlRxExtra) != 0) {
      mode.alluni = dice.Flip();
      mode.nomulti = dice.Flip();
      mode.nouni = dice.Flip();
      mode.nobcast = dice.Flip();
    }
    MacFilter& filter = model->mac_filter.emplace();
    filter.unicast = dice.Macs(dice.Below(kMacTableSize / 2 + 1), false);
    filter.multicast = dice.Macs(dice.Below(kMacTableSize / 2 + 1), true);
    filter.unicast_overflow = dice.Flip();
    filter.multicast_overflow = dice.Flip();
  }
  if ((acked & kNetCtrlVlan) != 0) {
    std::set<uint32_t> ids;
    for (uint64_t i = dice.Below(200); i > 0; --i) ids.insert(dice.Below(4095));
    model->vlan_ids.emplace(ids.begin(), ids.end());
  }
  if ((acked & kNetCtrlGuestOffloads) != 0) {
    model->guest_offloads = dice.Some(acked & kNetGuestOffloads);
  }
  if ((acked & kNetGuestAnnounce) != 0) {
    model->announce_pending = dice.Flip();
    if (*model->announce_pending) *model->config.status |= kAnnounce;
  }
}

void SetSteering(Dice& dice, NetModel* model) {
  const uint64_t acked = model->acked_features;
  const uint32_t pairs = *model->config.max_queue_pairs;
  const auto hash = [&] {
    return HashConfig{static_cast<uint32_t>(dice.Some(kHashTypes)),
                      dice.Bytes(kMaxKeySize)};
  };
  if ((acked & kNetMq) != 0) model->active_queue_pairs = 1 + dice.Below(pairs);
  if ((acked & kNetHashReport) != 0) model->hash = hash();
  if ((acked & kNetRss) != 0) {
    RssConfig& rss = model->rss.emplace();
    rss.hash = hash();
    rss.indirection_table.resize(size_t{1} << dice.Below(8));
    for (uint32_t& queue : rss.indirection_table) queue = dice.Below(pairs);
    rss.unclassified_queue = dice.Below(pairs);
    rss.max_tx_queues = 1 + dice.Below(pairs);
  }
  if ((acked & kNetHashTunnel) != 0) {
    model->hash_tunnel_types = dice.Some(kTunnelTypes);
  }
  if ((acked & kNetNotfCoal) != 0) {
    model->coalescing = {dice.Interval(), dice.Interval()};
  }
}

// In flight, and the descriptors that all of them have.
struct Taken {
  uint32_t requests = 0;
  uint32_t descriptors = 0;
};

Taken TakeRequests(uint32_t ring, uint32_t size, bool packed, Dice& dice,
                   NetModel* model) {
  Taken taken;
  std::set<uint32_t> heads;
  uint64_t sequence = dice.Below(1000000);
  for (uint64_t count = dice.Below(40); count > 0; --count) {
    Request request;
    request.ring = ring;
    request.descriptor_count = 1 + dice.Below(4);
    if (taken.descriptors + request.descriptor_count > size) break;
    do {
      request.head = dice.Below(size);
    } while (!heads.insert(request.head).second);
    request.sequence = sequence;
    sequence += 1 + dice.Below(3);
    for (uint32_t i = 0; packed && i < request.descriptor_count; ++i) {
      request.descriptors.push_back(
          {0x100000 + dice.Below(1 << 24) * 16,
           static_cast<uint32_t>(1 + dice.Below(1514)),
           static_cast<uint32_t>(dice.Below(2) * 2)});
    }
    ++taken.requests;
    taken.descriptors += request.descriptor_count;
    model->requests.push_back(std::move(request));
  }
  return taken;
}

SplitPosition SplitAt(uint32_t size, uint32_t in_flight, bool event_idx,
                      Dice& dice) {
  SplitPosition position;
  position.size = size;
  position.used_idx = dice.Below(1 << 16);
  position.last_avail_idx = (position.used_idx + in_flight) % (1 << 16);
  if (event_idx) position.notified_used_idx = position.used_idx;
  return position;
}

PackedPosition PackedAt(uint32_t size, uint32_t in_flight, bool event_idx,
                        Dice& dice) {
  PackedPosition position;
  position.size = size;
  position.used_idx = dice.Below(size);
  position.used_wrap = dice.Flip();
  position.avail_idx = (position.used_idx + in_flight) % size;
  position.avail_wrap =
      position.used_wrap != (position.used_idx + in_flight >= size);
  if (event_idx) {
    position.notified_used =
        position.used_idx | (position.used_wrap ? 1 << 15 : 0);
  }
  return position;
}

void SetRings(Dice& dice, NetModel* model) {
  const bool packed = (model->acked_features & kRingPacked) != 0;
  const bool event_idx = (model->acked_features & kRingEventIdx) != 0;
  const uint32_t control = ControlQueue(*model);
  for (uint32_t index = 0; index <= control; ++index) {
    Ring& ring = model->rings.emplace_back();
    ring.index = index;
    ring.enabled =
        index == control || index / 2 < model->active_queue_pairs.value_or(1);
    const uint32_t size = 64u << dice.Below(5);
    Taken taken;
    if (!IsReceiveQueue(index, *model)) {
      taken = TakeRequests(index, size, packed, dice, model);
    }
    if (packed) {
      ring.position = PackedAt(size, taken.descriptors, event_idx, dice);
    } else {
      ring.position = SplitAt(size, taken.requests, event_idx, dice);
    }
    if ((model->acked_features & kNetVqNotfCoal) != 0 && index != control &&
        dice.Flip()) {
      model->queue_coalescing.push_back({index, dice.Interval()});
    }
  }
}

}  // namespace

NetModel SeededModel(uint64_t seed) {
  Dice dice(seed);
  NetModel model;
  model.acked_features = Features(seed, dice);
  model.config = Config(dice);
  SetFilters(dice, &model);
  SetSteering(dice, &model);
  SetRings(dice, &model);
  return model;
}

}  // namespace devstate::net::examples
