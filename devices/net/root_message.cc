// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One pair of functions for each part of the model. Settings that the driver
// never made stay absent on the way, because absence says that they are those
// after a reset. The receive mode is the exception: it differs from device to
// device.

#include "devstate/devices/net/root_message.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "devstate/devices/net/receive_mode.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::net {
namespace {

namespace pb = ::devices::net::v1;

std::string ToBytes(const MacAddress& mac) {
  return std::string(mac.begin(), mac.end());
}

absl::Status FromBytes(const std::string& bytes, const char* what,
                       MacAddress* mac) {
  if (bytes.size() != mac->size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        what, " of ", bytes.size(), " bytes, expected ", mac->size()));
  }
  std::copy(bytes.begin(), bytes.end(), mac->begin());
  return absl::OkStatus();
}

template <typename Addresses>
absl::Status FromAddresses(const Addresses& addresses, const char* what,
                           std::vector<MacAddress>* macs) {
  for (const std::string& bytes : addresses) {
    DS_RETURN_IF_ERROR(FromBytes(bytes, what, &macs->emplace_back()));
  }
  return absl::OkStatus();
}

void ToConfig(const NetConfig& config, pb::NetConfig* message) {
  if (config.mac) message->set_mac(ToBytes(*config.mac));
  if (config.status) message->set_status(*config.status);
  if (config.max_queue_pairs) {
    message->set_max_virtqueue_pairs(*config.max_queue_pairs);
  }
  if (config.mtu) message->set_mtu(*config.mtu);
  if (config.speed) message->set_speed(*config.speed);
  if (config.duplex) message->set_duplex(*config.duplex);
  if (config.rss_max_key_size) {
    message->set_rss_max_key_size(*config.rss_max_key_size);
  }
  if (config.rss_max_table_length) {
    message->set_rss_max_indirection_table_length(*config.rss_max_table_length);
  }
  if (config.hash_types) message->set_supported_hash_types(*config.hash_types);
  if (config.tunnel_types) {
    message->set_supported_tunnel_types(*config.tunnel_types);
  }
}

absl::Status FromConfig(const pb::NetConfig& message, NetConfig* config) {
  if (message.has_mac()) {
    DS_RETURN_IF_ERROR(FromBytes(message.mac(), "the device's own address",
                                 &config->mac.emplace()));
  }
  if (message.has_status()) config->status = message.status();
  if (message.has_max_virtqueue_pairs()) {
    config->max_queue_pairs = message.max_virtqueue_pairs();
  }
  if (message.has_mtu()) config->mtu = message.mtu();
  if (message.has_speed()) config->speed = message.speed();
  if (message.has_duplex()) config->duplex = message.duplex();
  if (message.has_rss_max_key_size()) {
    config->rss_max_key_size = message.rss_max_key_size();
  }
  if (message.has_rss_max_indirection_table_length()) {
    config->rss_max_table_length = message.rss_max_indirection_table_length();
  }
  if (message.has_supported_hash_types()) {
    config->hash_types = message.supported_hash_types();
  }
  if (message.has_supported_tunnel_types()) {
    config->tunnel_types = message.supported_tunnel_types();
  }
  return absl::OkStatus();
}

void ToFilters(const NetModel& model, pb::NetState* root) {
  if (model.receive_mode) {
    pb::ReceiveMode& mode = *root->mutable_receive_mode();
    mode.set_promisc(model.receive_mode->promisc);
    mode.set_allmulti(model.receive_mode->allmulti);
    mode.set_alluni(model.receive_mode->alluni);
    mode.set_nomulti(model.receive_mode->nomulti);
    mode.set_nouni(model.receive_mode->nouni);
    mode.set_nobcast(model.receive_mode->nobcast);
  }
  if (model.mac_filter) {
    pb::MacFilter& filter = *root->mutable_mac_filter();
    for (const MacAddress& mac : model.mac_filter->unicast) {
      filter.add_unicast(ToBytes(mac));
    }
    for (const MacAddress& mac : model.mac_filter->multicast) {
      filter.add_multicast(ToBytes(mac));
    }
    filter.set_unicast_overflow(model.mac_filter->unicast_overflow);
    filter.set_multicast_overflow(model.mac_filter->multicast_overflow);
  }
  if (model.vlan_ids) {
    root->mutable_vlan_filter()->mutable_vlan_ids()->Add(
        model.vlan_ids->begin(), model.vlan_ids->end());
  }
  if (model.guest_offloads) root->set_guest_offloads(*model.guest_offloads);
  if (model.announce_pending) {
    root->mutable_announce()->set_pending(*model.announce_pending);
  }
}

absl::Status FromFilters(const pb::NetState& root, NetModel* model) {
  if (const auto mode = ReceiveModeOf(root)) {
    model->receive_mode = {mode->promisc(), mode->allmulti(), mode->alluni(),
                           mode->nomulti(), mode->nouni(),    mode->nobcast()};
  }
  if (root.has_mac_filter()) {
    MacFilter& filter = model->mac_filter.emplace();
    const pb::MacFilter& message = root.mac_filter();
    DS_RETURN_IF_ERROR(FromAddresses(
        message.unicast(), "MAC filter: a unicast address", &filter.unicast));
    DS_RETURN_IF_ERROR(FromAddresses(message.multicast(),
                                     "MAC filter: a multicast address",
                                     &filter.multicast));
    filter.unicast_overflow = message.unicast_overflow();
    filter.multicast_overflow = message.multicast_overflow();
  }
  if (root.has_vlan_filter()) {
    const auto& ids = root.vlan_filter().vlan_ids();
    model->vlan_ids.emplace(ids.begin(), ids.end());
  }
  if (root.has_guest_offloads()) model->guest_offloads = root.guest_offloads();
  if (root.has_announce()) model->announce_pending = root.announce().pending();
  return absl::OkStatus();
}

// Of HashConfig and RssConfig.
template <typename Message>
void ToHash(const HashConfig& hash, Message* message) {
  message->set_hash_types(hash.hash_types);
  message->set_key(hash.key);
}

void ToCoalescing(const Coalescing& coalescing, pb::Coalescing* message) {
  message->set_max_packets(coalescing.max_packets);
  message->set_max_delay(coalescing.max_delay);
}

void ToSteering(const NetModel& model, pb::NetState* root) {
  if (model.active_queue_pairs) {
    root->set_active_queue_pairs(*model.active_queue_pairs);
  }
  if (model.hash) ToHash(*model.hash, root->mutable_hash());
  if (model.rss) {
    pb::RssConfig& rss = *root->mutable_rss();
    ToHash(model.rss->hash, &rss);
    rss.mutable_indirection_table()->Add(model.rss->indirection_table.begin(),
                                         model.rss->indirection_table.end());
    rss.set_unclassified_queue(model.rss->unclassified_queue);
    rss.set_max_tx_queues(model.rss->max_tx_queues);
  }
  root->set_hash_tunnel_types(model.hash_tunnel_types);
  if (model.coalescing) {
    pb::NotificationCoalescing& both = *root->mutable_coalescing();
    ToCoalescing(model.coalescing->receive, both.mutable_receive());
    ToCoalescing(model.coalescing->transmit, both.mutable_transmit());
  }
}

Coalescing FromCoalescing(const pb::Coalescing& message) {
  return {message.max_packets(), message.max_delay()};
}

void FromSteering(const pb::NetState& root, NetModel* model) {
  if (root.has_active_queue_pairs()) {
    model->active_queue_pairs = root.active_queue_pairs();
  }
  if (root.has_hash()) {
    model->hash = {root.hash().hash_types(), root.hash().key()};
  }
  if (root.has_rss()) {
    const pb::RssConfig& message = root.rss();
    RssConfig& rss = model->rss.emplace();
    rss.hash = {message.hash_types(), message.key()};
    rss.indirection_table.assign(message.indirection_table().begin(),
                                 message.indirection_table().end());
    rss.unclassified_queue = message.unclassified_queue();
    rss.max_tx_queues = message.max_tx_queues();
  }
  model->hash_tunnel_types = root.hash_tunnel_types();
  if (root.has_coalescing()) {
    model->coalescing = {FromCoalescing(root.coalescing().receive()),
                         FromCoalescing(root.coalescing().transmit())};
  }
}

}  // namespace

pb::NetState ToRootMessage(const NetModel& model) {
  pb::NetState root;
  root.set_acked_features(model.acked_features);
  ToConfig(model.config, root.mutable_config());
  ToFilters(model, &root);
  ToSteering(model, &root);
  return root;
}

absl::Status FromRootMessage(const pb::NetState& root, NetModel* model) {
  if (!root.has_config()) {
    return absl::InvalidArgumentError("the state has no configuration space");
  }
  model->acked_features = root.acked_features();
  DS_RETURN_IF_ERROR(FromConfig(root.config(), &model->config));
  DS_RETURN_IF_ERROR(FromFilters(root, model));
  FromSteering(root, model);
  return absl::OkStatus();
}

}  // namespace devstate::net
